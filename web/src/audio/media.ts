/**
 * Asking the browser for sound. Owns constraints and the translation of a browser's errors; keeps
 * no state.
 */

import type { AppliedProcessing, SourceName, SourceProblem } from './types';

/** Sound could not be had; `problem` says why. */
export class CaptureError extends Error {
  constructor(readonly problem: SourceProblem) {
    super(problem);
    this.name = 'CaptureError';
  }
}

/** All of these flatten what a voice does: they are asked to stay off. */
const PLAIN: MediaTrackConstraints = {
  echoCancellation: false,
  noiseSuppression: false,
  autoGainControl: false,
};

/** Newer than the type library: hints that browsers without them ignore. */
interface DisplayOptions extends DisplayMediaStreamOptions {
  systemAudio?: 'include' | 'exclude';
  selfBrowserSurface?: 'include' | 'exclude';
  surfaceSwitching?: 'include' | 'exclude';
}

/** Whether this browser can capture a source at all; the reason when it cannot. */
export function supportOf(source: SourceName): SourceProblem | null {
  const media = globalThis.navigator?.mediaDevices as Partial<MediaDevices> | undefined;
  if (typeof globalThis.AudioWorkletNode === 'undefined') return 'no-worklet';
  if (media?.getUserMedia === undefined) return 'no-capture';
  if (source === 'tab' && media.getDisplayMedia === undefined) return 'no-display-capture';
  return null;
}

/**
 * Ask for the sound of a source.
 *
 * @throws CaptureError
 */
export async function openMedia(source: SourceName, deviceId: string | null): Promise<MediaStream> {
  try {
    return source === 'mic' ? await openMicrophone(deviceId) : await openDisplay();
  } catch (error) {
    throw error instanceof CaptureError ? error : new CaptureError(problemOfError(error));
  }
}

/** What the browser applied of what was asked for. */
export function appliedTo(track: MediaStreamTrack): AppliedProcessing {
  const settings = track.getSettings();
  const told = (value: unknown): boolean | null => (typeof value === 'boolean' ? value : null);
  return {
    echoCancellation: told(settings.echoCancellation),
    noiseSuppression: told(settings.noiseSuppression),
    autoGainControl: told(settings.autoGainControl),
  };
}

/** Whether the person has taken the microphone's permission away. */
export async function isMicrophoneDenied(): Promise<boolean> {
  try {
    const permission = await navigator.permissions.query({ name: 'microphone' as PermissionName });
    return permission.state === 'denied';
  } catch {
    return false; // This browser does not tell.
  }
}

/** Microphones there are; without permission their names are empty. */
export async function listMicrophones(): Promise<MediaDeviceInfo[]> {
  try {
    const devices = await navigator.mediaDevices.enumerateDevices();
    return devices.filter(({ kind, deviceId }) => kind === 'audioinput' && deviceId !== '');
  } catch {
    return [];
  }
}

/** A browser's error as a problem of ours (Media Capture and Streams, 10.2). */
export function problemOfError(error: unknown): SourceProblem {
  switch ((error as Partial<DOMException> | null)?.name) {
    case 'NotAllowedError':
    case 'SecurityError':
    case 'PermissionDeniedError':
      return 'denied';
    case 'NotFoundError':
    case 'DevicesNotFoundError':
    case 'OverconstrainedError':
      return 'no-device';
    case 'NotReadableError':
    case 'TrackStartError':
    case 'AbortError':
      return 'device-busy';
    case 'NotSupportedError':
      return 'no-capture';
    default:
      return 'failed';
  }
}

async function openMicrophone(deviceId: string | null): Promise<MediaStream> {
  const { mediaDevices } = navigator;
  if (deviceId === null) return mediaDevices.getUserMedia({ audio: PLAIN });
  try {
    return await mediaDevices.getUserMedia({ audio: { ...PLAIN, deviceId: { exact: deviceId } } });
  } catch (error) {
    // The chosen one is not plugged in today: any other is better than none, and its name is shown.
    if ((error as Partial<DOMException>).name !== 'OverconstrainedError') throw error;
    return mediaDevices.getUserMedia({ audio: PLAIN });
  }
}

async function openDisplay(): Promise<MediaStream> {
  const options: DisplayOptions = {
    // Browsers refuse sound alone; the picture is let go of at once.
    video: true,
    audio: PLAIN,
    systemAudio: 'include',
    selfBrowserSurface: 'exclude',
    surfaceSwitching: 'include',
  };
  const stream = await navigator.mediaDevices.getDisplayMedia(options);
  if (stream.getAudioTracks().length === 0) {
    for (const track of stream.getTracks()) track.stop();
    throw new CaptureError('no-audio-shared');
  }
  for (const track of stream.getVideoTracks()) track.stop();
  return stream;
}
