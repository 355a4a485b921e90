// A recording that looks and sounds like speech from afar: hummed syllables where the record says that somebody spoke. Stereo, 16 bit, 8 kHz.

const RATE = 8_000;

/** The caller on the left, everything that the caller heard on the right. */
export function wavOf(entries) {
  const end = Math.max(1_000, ...entries.map((entry) => entry.at));
  const frames = Math.ceil((end / 1000) * RATE);
  const file = Buffer.alloc(44 + frames * 4);
  file.write('RIFF', 0);
  file.writeUInt32LE(36 + frames * 4, 4);
  file.write('WAVEfmt ', 8);
  file.writeUInt32LE(16, 16);
  file.writeUInt16LE(1, 20);
  file.writeUInt16LE(2, 22);
  file.writeUInt32LE(RATE, 24);
  file.writeUInt32LE(RATE * 4, 28);
  file.writeUInt16LE(4, 32);
  file.writeUInt16LE(16, 34);
  file.write('data', 36);
  file.writeUInt32LE(frames * 4, 40);

  let seed = 7;
  const random = () => (seed = (seed * 16_807) % 2_147_483_647) / 2_147_483_647;
  const hum = (side, from, to, pitch) => {
    const last = Math.min(frames, (to / 1000) * RATE);
    let at = (from / 1000) * RATE;
    while (at < last) {
      const length = RATE * (0.09 + random() * 0.17);
      const loud = random() < 0.12 ? 0.02 : 0.16 + random() * 0.34;
      const hertz = pitch * (0.85 + random() * 0.4);
      for (let i = 0; i < length && at + i < last; i += 1) {
        const shape = Math.sin((Math.PI * i) / length) ** 0.7;
        const phase = (2 * Math.PI * hertz * i) / RATE;
        const value = (Math.sin(phase) + 0.5 * Math.sin(2 * phase) + 0.3 * Math.sin(5 * phase) + (random() - 0.5) * 0.4) * 0.5;
        file.writeInt16LE(Math.round(value * shape * loud * 32_000), 44 + Math.floor(at + i) * 4 + side * 2);
      }
      at += length + RATE * random() * 0.05;
    }
  };
  for (const entry of entries) {
    if (entry.what === 'caller_turn') hum(0, entry.from, entry.to, 205);
    if (entry.what === 'bot_turn') hum(1, entry.from, entry.to, 118);
  }
  const bridged = entries.find((entry) => entry.what === 'handoff' && entry.step.step === 'bridged')?.at;
  if (bridged !== undefined) {
    for (let at = bridged + 600; at < end - 1_500; at += 6_300) hum(1, at, Math.min(end - 800, at + 2_300 + random() * 1_700), 175);
  }
  return file;
}
