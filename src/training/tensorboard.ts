// TensorBoard event files: scalars by step, in the record format its own reader reads.
//
// record   length u64, masked crc of it, data, masked crc of the data; little-endian
// crc      CRC-32C, masked as ((crc >> 15 | crc << 17) + 0xa282ead8) mod 2^32
// data     an Event: wall_time = 1 (double), step = 2 (varint), file_version = 3 (text), summary = 5 { value = 1 { tag = 1, simple_value = 2 } }
// Source: TensorFlow's core/lib/io/record_writer.h and core/util/event.proto. Tags are those of Stable-Baselines3.

/** A number at a step. */
export interface Scalar {
  readonly tag: string;
  readonly step: number;
  readonly value: number;
}

const MASK_DELTA = 0xa282ead8;
const POLYNOMIAL = 0x82f63b78;

const table = Uint32Array.from({ length: 256 }, (_, byte) => {
  let crc = byte;
  for (let bit = 0; bit < 8; bit++) crc = crc & 1 ? (crc >>> 1) ^ POLYNOMIAL : crc >>> 1;
  return crc;
});

function maskedCrc(data: Uint8Array): number {
  let crc = 0xffffffff;
  for (const byte of data) crc = (table[(crc ^ byte) & 0xff] ?? 0) ^ (crc >>> 8);
  const whole = (crc ^ 0xffffffff) >>> 0;
  return ((((whole >>> 15) | (whole << 17)) >>> 0) + MASK_DELTA) >>> 0;
}

function record(data: Uint8Array): Buffer {
  const framed = Buffer.alloc(16 + data.length);
  framed.writeBigUInt64LE(BigInt(data.length), 0);
  framed.writeUInt32LE(maskedCrc(framed.subarray(0, 8)), 8);
  framed.set(data, 12);
  framed.writeUInt32LE(maskedCrc(data), 12 + data.length);
  return framed;
}

function varint(value: number): Buffer {
  const bytes: number[] = [];
  let rest = value;
  for (; rest >= 128; rest = Math.floor(rest / 128)) bytes.push((rest % 128) | 128);
  return Buffer.from([...bytes, rest]);
}

/** A field of bytes: text, or a message in it. */
function bytesField(number: number, data: Uint8Array): Buffer {
  return Buffer.concat([varint(number * 8 + 2), varint(data.length), data]);
}

function wallTime(seconds: number): Buffer {
  const field = Buffer.alloc(9);
  field.writeUInt8(1 * 8 + 1, 0);
  field.writeDoubleLE(seconds, 1);
  return field;
}

function event(nowS: number, { tag, step, value }: Scalar): Buffer {
  const simple = Buffer.alloc(5);
  simple.writeUInt8(2 * 8 + 5, 0);
  simple.writeFloatLE(value, 1);
  const summary = bytesField(1, Buffer.concat([bytesField(1, Buffer.from(tag, "utf8")), simple]));
  return Buffer.concat([wallTime(nowS), Buffer.from([2 * 8]), varint(step), bytesField(5, summary)]);
}

/** The first record of a file, which says what it is. @param nowS seconds since 1970 */
export function eventFileStart(nowS: number): Uint8Array {
  return record(Buffer.concat([wallTime(nowS), bytesField(3, Buffer.from("brain.Event:2", "utf8"))]));
}

/** The records of some numbers. @param nowS seconds since 1970 */
export function eventRecords(nowS: number, scalars: readonly Scalar[]): Uint8Array {
  return Buffer.concat(scalars.map((scalar) => record(event(nowS, scalar))));
}

/** The name of a file that TensorBoard looks for. */
export function eventFileName(nowS: number, host: string): string {
  return `events.out.tfevents.${Math.floor(nowS)}.${host}`;
}
