/** The state of the service as the page knows it, in one line. */
import { computed, type ComputedRef } from 'vue';

import { usePlace } from '@/stores/place';
import { useSessionStore } from '@/stores/session';
import { type StatusSaid, statusSaid } from '@/words/status';

export function useStatus(): ComputedRef<StatusSaid> {
  const session = useSessionStore();
  const place = usePlace();
  return computed(() => {
    const { service, trouble, lanes } = place.live;
    const said = trouble?.event.status;
    return statusSaid({
      phase: session.phase,
      server: session.server,
      connection: session.connection,
      retryInS: session.retryInS,
      stage: service?.event.status ?? null,
      trouble: said === 'warning' || said === 'error' ? said : null,
      synthetic: session.synthetic,
      learning: Object.values(lanes).some((lane) => lane.speaking && !lane.baseline.known),
      muted: session.isMuted,
      deaf: !session.isSounding && Object.keys(lanes).every((id) => place.stale.has(id)),
      paused: place.paused,
    });
  });
}
