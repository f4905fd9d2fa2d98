// Which IP addresses are of the public internet, and what the others are.
//
// From the special-purpose registries of IANA (RFC 6890 and its successors). For IPv6 only global
// unicast (2000::/3) without its special blocks is public; forms that carry an IPv4 address and
// reach it (IPv4-mapped, the well-known NAT64 prefix) are judged by that address, and the
// deprecated ones (IPv4-compatible, 6to4, Teredo) are never public.

import { BlockList, isIPv4, isIPv6 } from "node:net"

type Block = readonly [prefix: string, bits: number, what: string]

const V4_BLOCKS: ReadonlyArray<Block> = [
  ["0.0.0.0", 8, "an unspecified address"],
  ["10.0.0.0", 8, "a private address"],
  ["100.64.0.0", 10, "an address of a carrier's NAT"],
  ["127.0.0.0", 8, "a loopback address"],
  ["169.254.169.254", 32, "the address of a cloud metadata service"],
  ["169.254.0.0", 16, "a link-local address"],
  ["172.16.0.0", 12, "a private address"],
  ["192.0.0.0", 24, "a protocol address"],
  ["192.0.2.0", 24, "a documentation address"],
  ["192.88.99.0", 24, "a 6to4 relay address"],
  ["192.168.0.0", 16, "a private address"],
  ["198.18.0.0", 15, "a benchmark address"],
  ["198.51.100.0", 24, "a documentation address"],
  ["203.0.113.0", 24, "a documentation address"],
  ["224.0.0.0", 4, "a multicast address"],
  ["255.255.255.255", 32, "the broadcast address"],
  ["240.0.0.0", 4, "a reserved address"],
  // Azure's platform services answer under a public address, from inside only.
  ["168.63.129.16", 32, "the address of a cloud metadata service"],
]

const V6_BLOCKS: ReadonlyArray<Block> = [
  ["::", 128, "an unspecified address"],
  ["::1", 128, "a loopback address"],
  ["fd00:ec2::254", 128, "the address of a cloud metadata service"],
  ["fd20:ce::254", 128, "the address of a cloud metadata service"],
  ["fc00::", 7, "a unique local address"],
  ["fe80::", 10, "a link-local address"],
  ["fec0::", 10, "a site-local address"],
  ["ff00::", 8, "a multicast address"],
  ["2001::", 32, "a Teredo address"],
  ["2001::", 23, "a protocol address"],
  ["2001:db8::", 32, "a documentation address"],
  ["2002::", 16, "a 6to4 address"],
  ["3fff::", 20, "a documentation address"],
]

const compile = (blocks: ReadonlyArray<Block>, family: "ipv4" | "ipv6") =>
  blocks.map(([prefix, bits, what]) => {
    const list = new BlockList()
    list.addSubnet(prefix, bits, family)
    return { list, what }
  })
const v4Blocks = compile(V4_BLOCKS, "ipv4")
const v6Blocks = compile(V6_BLOCKS, "ipv6")

/** What a non-public address is, in words; undefined for a public one. */
export const nonPublicKind = (address: string): string | undefined => {
  if (isIPv4(address)) return v4Blocks.find(({ list }) => list.check(address, "ipv4"))?.what
  // A zone id ("fe80::1%eth0") names an interface of this machine.
  if (!isIPv6(address) || address.includes("%")) return "not a plain IP address"
  const groups = groupsOf(address)
  const carried = carriedV4(groups)
  if (carried !== undefined) return nonPublicKind(carried)
  const special = v6Blocks.find(({ list }) => list.check(address, "ipv6"))?.what
  if (special !== undefined) return special
  const first = groups[0] ?? 0
  return first >= 0x2000 && first <= 0x3fff ? undefined : "a reserved address"
}

/** The eight groups of an IPv6 address. */
const groupsOf = (address: string): ReadonlyArray<number> => {
  // The URL parser writes the last four bytes in hexadecimal and everything in lower case.
  const canonical = new URL(`http://[${address}]`).hostname.slice(1, -1)
  const [head = "", tail] = canonical.split("::")
  const parse = (text: string) =>
    text === "" ? [] : text.split(":").map((group) => Number.parseInt(group, 16))
  const left = parse(head)
  if (tail === undefined) return left
  const right = parse(tail)
  return [...left, ...Array.from({ length: 8 - left.length - right.length }, () => 0), ...right]
}

const MAPPED = [0, 0, 0, 0, 0, 0xffff]
const NAT64 = [0x64, 0xff9b, 0, 0, 0, 0]

const carriedV4 = (groups: ReadonlyArray<number>): string | undefined => {
  const startsWith = (prefix: ReadonlyArray<number>) =>
    prefix.every((group, index) => groups[index] === group)
  if (!startsWith(MAPPED) && !startsWith(NAT64)) return undefined
  const [high = 0, low = 0] = groups.slice(6)
  return [high >> 8, high & 0xff, low >> 8, low & 0xff].join(".")
}
