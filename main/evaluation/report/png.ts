import { crc32, deflateSync } from 'node:zlib'

const SIGNATURE = Uint8Array.of(0x89, 0x50, 0x4e, 0x47, 0x0d, 0x0a, 0x1a, 0x0a)
const GREYSCALE = 0
const INDEXED = 3

/** Red, green, blue and opacity, 0 to 255 each. */
export type Rgba = readonly [number, number, number, number]

export interface PngImage {
  width: number
  height: number
  /** width · height bytes, row by row from the top: grey values, or with a palette indices into it. */
  pixels: Uint8Array
  /** At most 256 colours. */
  palette?: readonly Rgba[]
}

/** A PNG file (W3C, Portable Network Graphics, third edition) of one byte a pixel, unfiltered. */
export function encodePng({ width, height, pixels, palette }: PngImage): Buffer {
  if (pixels.length !== width * height) throw new RangeError(`${pixels.length} pixels, not ${width * height}`)
  const header = Buffer.alloc(13)
  header.writeUInt32BE(width, 0)
  header.writeUInt32BE(height, 4)
  header.set([8, palette ? INDEXED : GREYSCALE], 8)
  const lines = new Uint8Array((width + 1) * height)
  for (let y = 0; y < height; y++) {
    // The byte before each line says how it is filtered: 0, not at all.
    lines.set(pixels.subarray(y * width, (y + 1) * width), y * (width + 1) + 1)
  }
  const colours = palette
    ? [
        chunk('PLTE', Buffer.concat(palette.map((colour) => Uint8Array.from(colour.slice(0, 3))))),
        chunk(
          'tRNS',
          Uint8Array.from(palette, ([, , , opacity]) => opacity),
        ),
      ]
    : []
  return Buffer.concat([
    SIGNATURE,
    chunk('IHDR', header),
    ...colours,
    chunk('IDAT', deflateSync(lines, { level: 9 })),
    chunk('IEND', new Uint8Array(0)),
  ])
}

function chunk(type: string, data: Uint8Array): Buffer {
  const head = Buffer.alloc(8)
  head.writeUInt32BE(data.length, 0)
  head.write(type, 4, 'latin1')
  const tail = Buffer.alloc(4)
  tail.writeUInt32BE(crc32(data, crc32(head.subarray(4))), 0)
  return Buffer.concat([head, data, tail])
}
