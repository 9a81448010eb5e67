import { beforeEach, describe, expect, it } from 'vitest';
import { effectScope, ref } from 'vue';

import { useShortcuts } from '@/composables/useShortcuts';

let pressed = 0;
const enabled = ref(true);

function press(fields: KeyboardEventInit = {}, on: Element = document.body): void {
  on.dispatchEvent(new KeyboardEvent('keydown', { key: 't', bubbles: true, cancelable: true, ...fields }));
}

function within(work: () => void): void {
  const scope = effectScope();
  scope.run(() => useShortcuts({ t: () => (pressed += 1) }, enabled));
  work();
  scope.stop();
}

beforeEach(() => {
  pressed = 0;
  enabled.value = true;
  document.body.innerHTML = '<input><button></button>';
});

describe('keys of one letter', () => {
  it('do what they say, from anywhere on the page, while it is there', () => {
    within(() => {
      press();
      press({}, document.querySelector('button') as Element);
      press({ key: 'x' });
    });
    press();
    expect(pressed).toBe(2);
  });

  it('are letters where letters are typed', () => {
    within(() => press({}, document.querySelector('input') as Element));
    expect(pressed).toBe(0);
  });

  it('leave other tools their combinations, and do not repeat', () => {
    within(() => {
      press({ ctrlKey: true });
      press({ metaKey: true });
      press({ altKey: true });
      press({ repeat: true });
    });
    expect(pressed).toBe(0);
  });

  it('rest while a window is over the page, and when switched off', () => {
    within(() => {
      document.body.innerHTML = '<dialog open></dialog>';
      press();
      document.body.innerHTML = '';
      enabled.value = false;
      press();
    });
    expect(pressed).toBe(0);
  });
});
