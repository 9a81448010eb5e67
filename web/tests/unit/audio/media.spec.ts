import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';

import {
  CaptureError,
  appliedTo,
  isMicrophoneDenied,
  listMicrophones,
  openMedia,
  problemOfError,
  supportOf,
} from '@/audio/media';

const getUserMedia = vi.fn<(constraints: MediaStreamConstraints) => Promise<MediaStream>>();
const getDisplayMedia = vi.fn<(options: DisplayMediaStreamOptions) => Promise<MediaStream>>();
const enumerateDevices = vi.fn<() => Promise<Partial<MediaDeviceInfo>[]>>();

function track(kind: string): MediaStreamTrack {
  return { kind, stop: vi.fn() } as unknown as MediaStreamTrack;
}

function stream(...tracks: MediaStreamTrack[]): MediaStream {
  const of = (kind: string) => () => tracks.filter((one) => one.kind === kind);
  return {
    getTracks: () => tracks,
    getAudioTracks: of('audio'),
    getVideoTracks: of('video'),
  } as unknown as MediaStream;
}

const named = (name: string): DOMException => new DOMException('', name);

beforeEach(() => {
  for (const mock of [getUserMedia, getDisplayMedia, enumerateDevices]) mock.mockReset();
  const mediaDevices = { getUserMedia, getDisplayMedia, enumerateDevices };
  Object.defineProperty(navigator, 'mediaDevices', { value: mediaDevices, configurable: true });
  vi.stubGlobal('AudioWorkletNode', vi.fn());
});

afterEach(() => {
  Reflect.deleteProperty(navigator, 'mediaDevices');
  vi.unstubAllGlobals();
});

describe('the microphone', () => {
  it('is asked for with everything off that would flatten a voice', async () => {
    getUserMedia.mockResolvedValue(stream(track('audio')));
    await openMedia('mic', 'usb');
    expect(getUserMedia).toHaveBeenCalledWith({
      audio: {
        echoCancellation: false,
        noiseSuppression: false,
        autoGainControl: false,
        deviceId: { exact: 'usb' },
      },
    });
  });

  it('is another one when the chosen one is not there', async () => {
    const other = stream(track('audio'));
    getUserMedia.mockRejectedValueOnce(named('OverconstrainedError')).mockResolvedValueOnce(other);
    expect(await openMedia('mic', 'gone')).toBe(other);
  });

  it.each([
    ['NotAllowedError', 'denied'],
    ['SecurityError', 'denied'],
    ['NotFoundError', 'no-device'],
    ['NotReadableError', 'device-busy'],
    ['NotSupportedError', 'no-capture'],
    ['TypeError', 'failed'],
  ])('that is refused with %s is %s', async (name, problem) => {
    getUserMedia.mockRejectedValue(named(name));
    await expect(openMedia('mic', null)).rejects.toEqual(new CaptureError(problem as 'denied'));
    expect(problemOfError(named(name))).toBe(problem);
  });
});

describe('a tab', () => {
  it('gives its sound; its picture is let go of', async () => {
    const [sound, picture] = [track('audio'), track('video')];
    getDisplayMedia.mockResolvedValue(stream(sound, picture));
    await openMedia('tab', null);
    expect(picture.stop).toHaveBeenCalled();
    expect(sound.stop).not.toHaveBeenCalled();
  });

  it('that was shared without sound is let go of, and says so', async () => {
    const picture = track('video');
    getDisplayMedia.mockResolvedValue(stream(picture));
    await expect(openMedia('tab', null)).rejects.toMatchObject({ problem: 'no-audio-shared' });
    expect(picture.stop).toHaveBeenCalled();
  });
});

it('says what a browser cannot do', () => {
  expect([supportOf('mic'), supportOf('tab')]).toEqual([null, null]);
  Object.defineProperty(navigator, 'mediaDevices', { value: { getUserMedia }, configurable: true });
  expect(supportOf('tab')).toBe('no-display-capture');
  Reflect.deleteProperty(navigator, 'mediaDevices');
  expect(supportOf('mic')).toBe('no-capture');
  vi.stubGlobal('AudioWorkletNode', undefined);
  expect(supportOf('mic')).toBe('no-worklet');
});

it('reads back what was applied, and null where the browser does not say', () => {
  const settings = { echoCancellation: false, autoGainControl: true, deviceId: 'x' };
  const applied = appliedTo({ getSettings: () => settings } as unknown as MediaStreamTrack);
  expect(applied).toEqual({
    echoCancellation: false,
    noiseSuppression: null,
    autoGainControl: true,
  });
});

it('lists microphones only, and none where that fails', async () => {
  const mic = { kind: 'audioinput', deviceId: 'a' } as const;
  enumerateDevices.mockResolvedValue([
    mic,
    { kind: 'audiooutput', deviceId: 'b' },
    { kind: 'audioinput', deviceId: '' },
  ]);
  expect(await listMicrophones()).toEqual([mic]);
  enumerateDevices.mockRejectedValue(named('NotAllowedError'));
  expect(await listMicrophones()).toEqual([]);
});

it('takes a permission that cannot be asked for as not denied', async () => {
  expect(await isMicrophoneDenied()).toBe(false);
});
