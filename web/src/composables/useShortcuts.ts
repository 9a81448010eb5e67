/** Keys of one letter. Owns when a key is meant for the page and when for something else on it. */
import { onScopeDispose, type Ref } from 'vue';

/** Where letters are typed, or chosen with. */
const TYPES = 'input, select, textarea, [contenteditable]:not([contenteditable="false"])';

/**
 * @param keys what each key does, by `KeyboardEvent.key`
 * @param enabled the reader may switch such keys off (their own tools may use them)
 */
export function useShortcuts(
  keys: Readonly<Record<string, () => void>>,
  enabled: Readonly<Ref<boolean>>,
): void {
  function onKey(event: KeyboardEvent): void {
    if (!enabled.value || event.defaultPrevented || event.repeat) return;
    if (event.ctrlKey || event.altKey || event.metaKey) return;
    if (!Object.hasOwn(keys, event.key)) return;
    const target = event.target instanceof Element ? event.target : null;
    // A window over the page has the keys to itself.
    if (target?.closest(TYPES) || document.querySelector('dialog[open]')) return;
    event.preventDefault();
    keys[event.key]?.();
  }
  document.addEventListener('keydown', onKey);
  onScopeDispose(() => document.removeEventListener('keydown', onKey));
}
