import { fileURLToPath } from 'node:url';

import vue from '@vitejs/plugin-vue';
import unocss from 'unocss/vite';
import { defineConfig } from 'vitest/config';

/** A port from the environment, named as the server's own settings are. */
function port(name: string, otherwise: number): number {
  const value = Number(process.env[name]);
  return Number.isInteger(value) && value > 0 ? value : otherwise;
}

const api = `http://127.0.0.1:${port('LINNET_PORT', 8522)}`;

/** What the server answers; everything else is the page's. */
const SERVED = ['/session', '/sessions', '/analyze', '/health', '/ticket', '/login', '/metrics', '/docs', '/openapi.json'];

/** Parts of the libraries that this page does not use, left out of a build. */
const UNUSED = {
  __VUE_OPTIONS_API__: 'false',
  __VUE_PROD_DEVTOOLS__: 'false',
  __VUE_PROD_HYDRATION_MISMATCH_DETAILS__: 'false',
  __VUE_I18N_LEGACY_API__: 'false',
  __VUE_I18N_FULL_INSTALL__: 'false',
  __INTLIFY_PROD_DEVTOOLS__: 'false',
};

export default defineConfig(({ command }) => ({
  define: command === 'build' ? UNUSED : {},
  plugins: [vue(), unocss()],
  resolve: { alias: { '@': fileURLToPath(new URL('./src', import.meta.url)) } },
  server: {
    host: '127.0.0.1',
    port: port('LINNET_FRONTEND_PORT', 8521),
    strictPort: true,
    proxy: Object.fromEntries(SERVED.map((path) => [path, { target: api, ws: true }])),
  },
  build: {
    target: 'es2022',
    // Everything is a file of its own: the page's policy allows no data: scripts, fonts or styles.
    assetsInlineLimit: 0,
    modulePreload: { polyfill: false },
    reportCompressedSize: false,
  },
  test: {
    environment: 'happy-dom',
    include: ['tests/unit/**/*.spec.ts'],
    restoreMocks: true,
  },
}));
