import './theme/themes.css';
import './theme/base.css';
import 'virtual:uno.css';

import { createPinia } from 'pinia';
import { createApp } from 'vue';

import App from './App.vue';
import { createTexts } from './i18n';
import { useSettings } from './stores/settings';

const app = createApp(App).use(createPinia());
app.use(createTexts(useSettings().settings.language)).mount('#app');
