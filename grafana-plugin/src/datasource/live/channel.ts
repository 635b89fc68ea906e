import { type DataFrame, type LiveChannelAddress, parseLiveChannelAddress } from '@grafana/data';

/** How a channel's rows go into the frame that the query answered with. */
export type ChannelKind = 'bar' | 'tick' | 'depth' | 'quote';

const KINDS: readonly string[] = ['bar', 'tick', 'depth', 'quote'] satisfies ChannelKind[];

export interface Channel {
  kind: ChannelKind;
  address: LiveChannelAddress;
}

/** Reads `ds/<uid>/bar/<token>/1m`; undefined for what is no channel of ours. */
export function parsedChannel(id: string): Channel | undefined {
  const address = parseLiveChannelAddress(id);
  const kind = address?.path.split('/')[0] ?? '';
  if (address?.scope !== 'ds' || !KINDS.includes(kind)) {
    return undefined;
  }
  return { kind: kind as ChannelKind, address };
}

/** The channels that a frame names in `meta.custom.tickscope.channels`. */
export function channelsOf(frame: DataFrame): Channel[] {
  const ids: unknown = frame.meta?.custom?.['tickscope']?.channels;
  if (!Array.isArray(ids)) {
    return [];
  }
  return ids.flatMap((id) => parsedChannel(String(id)) ?? []);
}
