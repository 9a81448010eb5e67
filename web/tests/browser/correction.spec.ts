/** A tone that was named wrongly is corrected, by keyboard, and the correction is kept. */
import { expect, test } from './support/fixtures';
import { type LinnetPage, en } from './support/linnet-page';

/** Opens the details of the session's first tone, by keys alone. */
async function openFirst(linnet: LinnetPage): Promise<void> {
  await linnet.page.getByRole('listitem').getByRole('button', { expanded: false }).first().focus();
  await linnet.page.keyboard.press('Enter');
}

test('a tone is corrected, is shown as corrected after a reload, and is let go again', async ({ serve, linnet, page }) => {
  const server = await serve({ CF_VOICE_MOCK: '1', CF_VOICE_RATE_HZ: '4', CF_VOICE_SEED: '7' });
  await linnet.prefer({ mic: false });
  await page.goto(server.url);
  await linnet.start();
  await linnet.untilTone();
  await openFirst(linnet);

  await linnet.button(en.correction.open).focus();
  await page.keyboard.press('Enter');
  const choice = page.getByLabel(en.correction.word);
  await expect(choice).toBeFocused();
  // What Linnet said is no correction of it.
  await expect(choice.locator('option')).toHaveCount(10);
  const [affect, word] = await choice.evaluate((select: HTMLSelectElement) => {
    const last = select.options[select.options.length - 1] as HTMLOptionElement;
    return [last.value, last.text] as const;
  });
  await choice.selectOption(affect);
  await page.keyboard.press('Tab');
  await page.keyboard.type('end of a long day');
  await page.keyboard.press('Enter');
  const said = page.getByText(en.correction.said.replace('{word}', word));
  await expect(said).toBeFocused();

  const id = await linnet.sessionId();
  interface Exported {
    events: { seq: number; correction?: { affect: string; note: string } }[];
  }
  const corrected = async (): Promise<Exported['events']> =>
    (await server.json<Exported>(`/session/${id}/export`)).events.filter(({ correction }) => correction);
  expect(await corrected()).toMatchObject([{ correction: { affect, note: 'end of a long day' } }]);

  await page.reload();
  await linnet.untilTone();
  await openFirst(linnet);
  await expect(said).toBeVisible();

  await linnet.stopButton.click();
  await linnet.button(en.correction.undo).click();
  await expect(linnet.button(en.correction.open)).toBeFocused();
  expect(await corrected()).toEqual([]);
});
