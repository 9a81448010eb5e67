/** Keeps the screen on while there is something to read on it. Owns the browser's wake lock. */

import { type Ref, getCurrentScope, onScopeDispose, readonly, ref, watch } from 'vue';

export interface WakeLock {
  isSupported: boolean;
  isHeld: Readonly<Ref<boolean>>;
}

/**
 * Hold the screen's wake lock while `wanted`. The browser takes it back whenever the page is hidden;
 * it is asked for again when the page is back. Never an error: a battery saver may refuse it.
 */
export function useWakeLock(wanted: Readonly<Ref<boolean>>): WakeLock {
  const wakeLock = (globalThis.navigator as Partial<Navigator> | undefined)?.wakeLock;
  const isHeld = ref(false);
  let sentinel: WakeLockSentinel | null = null;
  let isAsking = false;

  async function update(): Promise<void> {
    if (wakeLock === undefined || isAsking) return;
    const isDue = wanted.value && document.visibilityState === 'visible';
    if (isDue && sentinel === null) {
      isAsking = true;
      try {
        hold(await wakeLock.request('screen'));
      } catch {
        return; // Refused, such as by a battery saver: the page works all the same.
      } finally {
        isAsking = false;
      }
      if (!wanted.value) await update(); // No longer wanted by the time it came.
    } else if (!wanted.value && sentinel !== null) {
      await sentinel.release().catch(() => undefined);
    }
  }

  function hold(held: WakeLockSentinel): void {
    sentinel = held;
    isHeld.value = true;
    held.onrelease = () => {
      sentinel = null;
      isHeld.value = false;
    };
  }

  const onVisibility = (): void => void update();
  watch(wanted, () => void update(), { immediate: true });
  document.addEventListener('visibilitychange', onVisibility);
  if (getCurrentScope() !== undefined) {
    onScopeDispose(() => {
      document.removeEventListener('visibilitychange', onVisibility);
      void sentinel?.release().catch(() => undefined);
    });
  }
  return { isSupported: wakeLock !== undefined, isHeld: readonly(isHeld) };
}
