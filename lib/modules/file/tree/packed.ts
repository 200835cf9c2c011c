/** Bytes that the name of a file may have in a plain archive. */
export const longestName = 100

/** Files as an archive that every tar unpacks: only names and contents are in it, the rest is said beside it. */
export function packedAs(files: readonly { readonly name: string; readonly content: Uint8Array }[]): Uint8Array {
  const blocks = files.flatMap(({ name, content }) => [
    headOf(name, content.length),
    content,
    Buffer.alloc((block - (content.length % block)) % block),
  ])
  return Buffer.concat([...blocks, Buffer.alloc(2 * block)])
}

const block = 512

// As POSIX has it (ustar): each field at its place, numbers in octal, and the sum of all bytes.
function headOf(name: string, size: number): Buffer {
  const head = Buffer.alloc(block)
  const put = (at: number, text: string) => head.write(text, at)
  const octal = (value: number, digits: number) => `${value.toString(8).padStart(digits, '0')}\0`
  put(0, name)
  put(100, octal(0o600, 7))
  put(108, octal(0, 7))
  put(116, octal(0, 7))
  put(124, octal(size, 11))
  put(136, octal(0, 11))
  put(148, ' '.repeat(8))
  put(156, '0')
  put(257, 'ustar\x0000')
  put(
    148,
    `${octal(
      head.reduce((sum, byte) => sum + byte, 0),
      6,
    )} `,
  )
  return head
}
