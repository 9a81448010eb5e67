/**
 * Which colours are drawn: what the reader chose, or what the system asks for.
 *
 * Owns the choice and its mark on the document. Knows nothing of where the choice is kept.
 */
import { onScopeDispose, watchEffect, type Ref } from 'vue';

export const THEME_CHOICES = ['system', 'light', 'dark', 'contrast'] as const;
export type ThemeChoice = (typeof THEME_CHOICES)[number];
export type ThemeName = Exclude<ThemeChoice, 'system'>;

export const TEXT_SIZES = ['small', 'medium', 'large', 'largest'] as const;
export type TextSize = (typeof TEXT_SIZES)[number];

/** The theme that is drawn. A wish for more contrast outweighs light and dark. */
export function resolveTheme(
  choice: ThemeChoice,
  system: { dark: boolean; contrast: boolean },
): ThemeName {
  if (choice !== 'system') return choice;
  if (system.contrast) return 'contrast';
  return system.dark ? 'dark' : 'light';
}

/** Mark the document with theme and text size, and follow the system while it is asked to. */
export function useTheme(choice: Ref<ThemeChoice>, textSize: Ref<TextSize>): void {
  const dark = matchMedia('(prefers-color-scheme: dark)');
  const contrast = matchMedia('(prefers-contrast: more)');
  const mark = (): void => {
    const system = { dark: dark.matches, contrast: contrast.matches };
    document.documentElement.dataset['theme'] = resolveTheme(choice.value, system);
    document.documentElement.dataset['text'] = textSize.value;
  }
  watchEffect(mark);
  for (const query of [dark, contrast]) {
    query.addEventListener('change', mark);
    onScopeDispose(() => query.removeEventListener('change', mark));
  }
}
