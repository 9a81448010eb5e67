import { afterEach, beforeEach, expect, it, vi } from 'vitest';
import { effectScope, nextTick, ref } from 'vue';

import { useWakeLock } from '@/composables/useWakeLock';

/** A lock as a browser gives it out. */
function sentinel(): WakeLockSentinel {
  const held = { onrelease: null as (() => void) | null, release: vi.fn() };
  held.release.mockImplementation(async () => held.onrelease?.());
  return held as unknown as WakeLockSentinel;
}

const request = vi.fn<() => Promise<WakeLockSentinel>>();
const settle = async (): Promise<void> => {
  await nextTick();
  await new Promise((resolve) => setTimeout(resolve));
};

beforeEach(() => {
  request.mockReset().mockImplementation(async () => sentinel());
  Object.defineProperty(navigator, 'wakeLock', { value: { request }, configurable: true });
});

afterEach(() => {
  Reflect.deleteProperty(navigator, 'wakeLock');
});

it('is held while wanted, and let go of afterwards', async () => {
  const wanted = ref(false);
  const lock = effectScope().run(() => useWakeLock(wanted));
  expect(request).not.toHaveBeenCalled();
  wanted.value = true;
  await settle();
  expect(lock?.isHeld.value).toBe(true);
  wanted.value = false;
  await settle();
  expect(lock?.isHeld.value).toBe(false);
});

it('is asked for again when the page comes back', async () => {
  const given = sentinel();
  request.mockResolvedValueOnce(given);
  const lock = effectScope().run(() => useWakeLock(ref(true)));
  await settle();
  given.onrelease?.(new Event('release'));
  expect(lock?.isHeld.value).toBe(false);
  document.dispatchEvent(new Event('visibilitychange'));
  await settle();
  expect(request).toHaveBeenCalledTimes(2);
  expect(lock?.isHeld.value).toBe(true);
});

it('is no trouble where it is refused or unknown', async () => {
  request.mockRejectedValue(new DOMException('low battery', 'NotAllowedError'));
  const refused = effectScope().run(() => useWakeLock(ref(true)));
  await settle();
  expect(refused?.isHeld.value).toBe(false);
  Reflect.deleteProperty(navigator, 'wakeLock');
  const unknown = effectScope().run(() => useWakeLock(ref(true)));
  await settle();
  expect(unknown?.isSupported).toBe(false);
});
