/** Peaks of a WAV file, for drawing. */

export interface Peaks {
  /** Loudest sample per bucket, 0..=1, per channel. */
  channels: [Float32Array, Float32Array];
  bucketMs: number;
  durationMs: number;
}

const BUCKETS_PER_S = 25;
const LARGEST_BYTES = 64 * 1024 * 1024;

function muLaw(byte: number): number {
  const inverted = ~byte & 0xff;
  const magnitude = (((inverted & 0x0f) << 3) + 0x84) << ((inverted & 0x70) >> 4);
  return ((inverted & 0x80) !== 0 ? 0x84 - magnitude : magnitude - 0x84) / 32_768;
}

interface Format {
  code: number;
  channels: number;
  rate: number;
  bits: number;
}

/** Reads PCM16 and µ-law (G.711) WAV; none for anything else. */
export function peaks(file: ArrayBuffer): Peaks | null {
  const view = new DataView(file);
  if (file.byteLength < 44 || view.getUint32(0) !== 0x52494646 || view.getUint32(8) !== 0x57415645) return null;
  let format: Format | null = null;
  for (let at = 12; at + 8 <= file.byteLength; ) {
    const name = view.getUint32(at);
    const size = Math.min(view.getUint32(at + 4, true), file.byteLength - at - 8);
    if (name === 0x666d7420 && size >= 16) {
      const code = view.getUint16(at + 8, true);
      format = {
        // WAVE_FORMAT_EXTENSIBLE keeps the real code in its sub-format.
        code: code === 0xfffe && size >= 26 ? view.getUint16(at + 32, true) : code,
        channels: view.getUint16(at + 10, true),
        rate: view.getUint32(at + 12, true),
        bits: view.getUint16(at + 22, true),
      };
    } else if (name === 0x64617461) {
      return format && readData(view, at + 8, size, format);
    }
    at += 8 + size + (size % 2);
  }
  return null;
}

function readData(view: DataView, start: number, size: number, format: Format): Peaks | null {
  const { code, channels, rate, bits } = format;
  const pcm = code === 1 && bits === 16;
  const law = code === 7 && bits === 8;
  if (!(pcm || law) || rate === 0 || channels === 0) return null;
  const frameBytes = (bits / 8) * channels;
  const frames = Math.floor(size / frameBytes);
  const perBucket = Math.max(1, Math.round(rate / BUCKETS_PER_S));
  const count = Math.ceil(frames / perBucket);
  const out: [Float32Array, Float32Array] = [new Float32Array(count), new Float32Array(count)];
  for (let frame = 0; frame < frames; frame += 1) {
    const bucket = Math.floor(frame / perBucket);
    for (let side = 0; side < 2; side += 1) {
      const offset = start + frame * frameBytes + Math.min(side, channels - 1) * (bits / 8);
      const sample = Math.abs(pcm ? view.getInt16(offset, true) / 32_768 : muLaw(view.getUint8(offset)));
      const line = out[side as 0 | 1];
      if (sample > (line[bucket] ?? 0)) line[bucket] = sample;
    }
  }
  return { channels: out, bucketMs: (perBucket / rate) * 1000, durationMs: (frames / rate) * 1000 };
}

/** Fetches and reads; none when there is nothing to draw, which is never an error of the page. */
export async function fetchPeaks(address: string, signal: AbortSignal): Promise<Peaks | null> {
  try {
    const answer = await fetch(address, { signal });
    const length = Number(answer.headers.get('content-length') ?? 0);
    if (!answer.ok || length > LARGEST_BYTES) {
      await answer.body?.cancel();
      return null;
    }
    return peaks(await answer.arrayBuffer());
  } catch {
    return null;
  }
}
