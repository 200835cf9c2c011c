import { createHash } from 'node:crypto'

const BLOCK = 32

/** The content of the image file `id`, in pieces: block i is sha256(id + ':' + i), cut at `size` bytes. */
export function* imageChunks(id, size, blocksPerChunk = 8192) {
  const blocks = Math.ceil(size / BLOCK)
  for (let first = 0; first < blocks; first += blocksPerChunk) {
    const end = Math.min(blocks, first + blocksPerChunk)
    const chunk = Buffer.alloc((end - first) * BLOCK)
    for (let i = first; i < end; i++) {
      createHash('sha256')
        .update(`${id}:${i}`)
        .digest()
        .copy(chunk, (i - first) * BLOCK)
    }
    yield end * BLOCK > size ? chunk.subarray(0, size - first * BLOCK) : chunk
  }
}

/** The same content as one buffer. */
export const imageBytes = (id, size) => Buffer.concat([...imageChunks(id, size)])
