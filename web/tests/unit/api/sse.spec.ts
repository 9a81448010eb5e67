import fc from 'fast-check';
import { describe, expect, it } from 'vitest';

import { LINE_MAX_BYTES, SSE_START, type SseMessage, parseSseChunk } from '@/api/sse';

const encode = (text: string): Uint8Array => new TextEncoder().encode(text);

/** All messages of `bytes`, cut before each of the given places. */
function parse(bytes: Uint8Array, cuts: number[] = []): SseMessage[] {
  const messages: SseMessage[] = [];
  let state = SSE_START;
  let from = 0;
  for (const to of [...cuts.sort((a, b) => a - b), bytes.length]) {
    const parsed = parseSseChunk(state, bytes.slice(from, to));
    messages.push(...parsed.messages);
    state = parsed.state;
    from = to;
  }
  return messages;
}

const parseText = (text: string): SseMessage[] => parse(encode(text));
const message = (data: string, event = 'message', id = ''): SseMessage => ({ event, data, id });

describe('a stream', () => {
  it('gives name, data and id of each block, in whichever order they stand', () => {
    expect(parseText('event: tone-event\ndata: {"a":1}\nid: 17\n\n')).toEqual([
      message('{"a":1}', 'tone-event', '17'),
    ]);
    expect(parseText('id: 3\ndata: x\nevent: e\n\n')).toEqual([message('x', 'e', '3')]);
  });

  it.each(['\n', '\r', '\r\n'])('may end its lines with %j', (end) => {
    const text = ['event: e', 'data: one', 'data: two', '', ': heartbeat', '', 'data: three', '', ''];
    expect(parseText(text.join(end))).toEqual([message('one\ntwo', 'e'), message('three')]);
  });

  it('keeps data that is 0 or empty, and makes no message where there is none', () => {
    expect(parseText('data: 0\n\n')).toEqual([message('0')]);
    expect(parseText('data:0\n\n')).toEqual([message('0')]);
    expect(parseText('data:\n\n')).toEqual([message('')]);
    expect(parseText('data\n\n')).toEqual([message('')]);
    expect(parseText('data\ndata\n\n')).toEqual([message('\n')]);
    expect(parseText('event: e\n\n')).toEqual([]);
    expect(parseText('id: 1\n\ndata: x\n\n')).toEqual([message('x', 'message', '1')]);
  });

  it('takes off one space after the colon, and only one', () => {
    expect(parseText('data:  x \n\n')).toEqual([message(' x ')]);
    expect(parseText('data: a:b\n\n')).toEqual([message('a:b')]);
  });

  it('carries the id on, but not the name', () => {
    expect(parseText('event: e\nid: 5\ndata: a\n\ndata: b\n\n')).toEqual([
      message('a', 'e', '5'),
      message('b', 'message', '5'),
    ]);
  });

  it('ignores an id with a NUL, unknown fields, comments and a byte order mark at its beginning', () => {
    const text = '\uFEFFdata: x\nid: 1\0\nfoo: bar\n:data: no\n data: no\n\n';
    expect(parseText(text)).toEqual([message('x')]);
    expect(parseText('data: \uFEFFy\n\n')).toEqual([message('\uFEFFy')]);
  });

  it('remembers how long the server wants a client to wait', () => {
    expect(parseSseChunk(SSE_START, encode('retry: 2500\nretry: soon\n')).state.retryMs).toBe(2_500);
  });

  it('says nothing of a block that has not ended', () => {
    expect(parseText('data: x\n')).toEqual([]);
    expect(parseText('data: x')).toEqual([]);
  });

  it('does not collect a line without end', () => {
    let state = SSE_START;
    const piece = new Uint8Array(LINE_MAX_BYTES / 4).fill(0x61);
    expect(() => {
      for (let at = 0; at < 6; at += 1) ({ state } = parseSseChunk(state, piece));
    }).toThrow(RangeError);
  });
});

const piece = fc.oneof(
  fc.constantFrom('data: 0', 'data:', 'data', 'id: 7', 'event: tone-event', ': heartbeat', '', '\uFEFF'),
  fc.string({ unit: 'grapheme', maxLength: 12 }).map((text) => `data: ${text.replace(/[\r\n]/g, '')}`),
  fc.constant('data: {"label":"Müde – 疲れた 😴"}'),
);
const streams = fc
  .array(fc.tuple(piece, fc.constantFrom('\n', '\r', '\r\n', '\n\n', '\r\n\r\n')), { maxLength: 30 })
  .map((lines) => encode(lines.map(([line, end]) => line + end).join('')));

describe('any split of the bytes', () => {
  it('gives the same messages', () => {
    fc.assert(
      fc.property(
        streams.chain((bytes) =>
          fc.tuple(fc.constant(bytes), fc.array(fc.integer({ min: 0, max: bytes.length }))),
        ),
        ([bytes, cuts]) => {
          expect(parse(bytes, cuts)).toEqual(parse(bytes));
        },
      ),
      { numRuns: 500 },
    );
  });

  it('gives the same messages byte by byte', () => {
    fc.assert(
      fc.property(streams, (bytes) => {
        expect(parse(bytes, Array.from(bytes.keys()))).toEqual(parse(bytes));
      }),
    );
  });

  it('never keeps hold of the buffer it was given', () => {
    const buffer = encode('data: kept');
    const { state } = parseSseChunk(SSE_START, buffer);
    buffer.fill(0);
    expect(parseSseChunk(state, encode('\n\n')).messages).toEqual([message('kept')]);
  });
});

it('reads back whatever a server writes', () => {
  fc.assert(
    fc.property(
      fc.array(fc.record({ event: fc.stringMatching(/^[a-z-]{1,12}$/), data: fc.json(), id: fc.nat() })),
      (sent) => {
        const text = sent.map(({ event, data, id }) => `event: ${event}\ndata: ${data}\nid: ${id}\n\n`);
        expect(parseText(text.join(''))).toEqual(sent.map((s) => ({ ...s, id: String(s.id) })));
      },
    ),
  );
});
