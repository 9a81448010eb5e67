/** Addresses of streams and sockets, which fetch's own rules do not make. Pure but for the page's. */

import type { Client } from './client';
import { queryString } from './client';

/** Where a source's audio goes; with a token, a ticket is fetched first. */
export async function audioAddress(
  client: Client,
  sessionId: string,
  source: string,
  hasToken: boolean,
): Promise<string> {
  const ticket = hasToken ? (await client.ticket()).ticket : undefined;
  const path = `/session/${encodeURIComponent(sessionId)}/audio${queryString({ source, ticket })}`;
  const url = new URL(`${client.base}${path}`, globalThis.location.href);
  url.protocol = url.protocol === 'https:' ? 'wss:' : 'ws:';
  return url.href;
}

/** Where a session's events come from, beginning after number `after`. */
export function streamAddress(client: Client, sessionId: string, after: number): string {
  const query = queryString({ last_event_id: after });
  return `${client.base}/session/${encodeURIComponent(sessionId)}/stream${query}`;
}
