import { afterEach, expect, it, vi } from 'vitest';

import { debug } from '@/api/debug';

afterEach(() => localStorage.clear());

it('is silent unless asked to speak', () => {
  const log = vi.spyOn(console, 'debug').mockImplementation(() => undefined);
  debug('open');
  expect(log).not.toHaveBeenCalled();
  localStorage.setItem('DEBUG_STREAMING', '1');
  debug('open', 17);
  expect(log).toHaveBeenCalledWith(expect.stringContaining('open'), 17);
});

it('is silent where storage is refused', () => {
  vi.spyOn(Storage.prototype, 'getItem').mockImplementation(() => {
    throw new DOMException('denied', 'SecurityError');
  });
  expect(() => debug('open')).not.toThrow();
});
