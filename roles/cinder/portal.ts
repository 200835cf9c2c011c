import { Advice } from '../../lib/index.ts'

/**
 * The connection of an attachment with another portal: `target_portal` and `device_path`, nothing else. The text is
 * kept as it is around them, because nova compares and logs it.
 * @throws Advice when it is not JSON
 */
export function withPortal(text: string, from: string, to: string): string {
  const portal = parsed(text).data?.target_portal
  if (typeof portal !== 'string' || !portal.startsWith(`${from}:`)) return text
  const moved = portal.replace(from, to)
  return text.replaceAll(JSON.stringify(portal), JSON.stringify(moved)).replaceAll(`ip-${portal}-`, `ip-${moved}-`)
}

/** What of the connection of an attachment may be seen: the rest of it has a password. */
export function portalOf(text: string): string {
  const { data } = parsed(text)
  return `${data?.target_portal ?? 'no portal'} ${data?.device_path ?? ''}`.trim()
}

function parsed(text: string): {
  readonly data?: { readonly target_portal?: unknown; readonly device_path?: unknown }
} {
  try {
    return JSON.parse(text) as ReturnType<typeof parsed>
  } catch {
    throw new Advice(
      'a connection_info in nova.block_device_mapping is not JSON',
      'look at the rows with deleted = 0 and mend or detach them',
    )
  }
}
