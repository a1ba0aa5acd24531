/**
 * A network between a guest and the host's programs, with the addresses of QEMU's user network: the guest is 10.0.2.15, and the
 * gateway, 10.0.2.2, is all there is. It answers ARP, DHCP and echo requests, and opens TCP connections to the guest for programs
 * of the host. What the guest sends anywhere else is refused. Nothing here knows a socket or the time of day.
 */

import { type NetworkBackend, type NetworkCard, SavedFields } from '../devices/index.ts';
import { ADDRESS, isStation, isUnicastMac, MAC } from './addresses.ts';
import { ARP, arpReply, arpRequest, parseArp } from './arp.ts';
import { DHCP_PORT, dhcpReply } from './dhcp.ts';
import { ETHERTYPE, type Frame, parseFrame } from './ethernet.ts';
import { echoReply, UNREACHABLE, unreachable } from './icmp.ts';
import { type Datagram, PROTOCOL, parseIpv4 } from './ipv4.ts';
import { Connections } from './tcp/connections.ts';
import type { GuestStream, HostStream } from './tcp/host-stream.ts';
import { parseSegment, refusal, type Segment, segmentFrame } from './tcp/segment.ts';
import { parseUdp } from './udp.ts';

/** The network. */
export class UserNetwork implements NetworkBackend {
  readonly #connections: Connections;
  #card: NetworkCard | null = null;
  /** The guest's MAC address, or null as long as the guest has not told it. */
  #guest: number | null = null;

  /** @param clock returns the time in milliseconds from any beginning: it should be the guest's, so that runs can be repeated */
  constructor(clock: () => number) {
    const transmit = (segment: Segment) => this.#transmit(segment);
    this.#connections = new Connections({
      get now() {
        return clock();
      },
      transmit,
    });
  }

  connect(card: NetworkCard): void {
    this.#card = card;
  }

  /**
   * Opens a TCP connection to a port of the guest, 1 to 65,535. Returns the guest's end, or null if there are too many connections. The
   * guest may not answer yet: bytes that are sent before wait.
   */
  open(port: number, stream: HostStream): GuestStream | null {
    return this.#connections.open(port, stream);
  }

  /** When `advance` must be called at the latest, in the time of the clock, or null if nothing is due. */
  get due(): number | null {
    return this.#connections.due;
  }

  /** Does what is due: acknowledges segments, and sends again what was not acknowledged. */
  advance(): void {
    this.#connections.advance();
  }

  send(bytes: Uint8Array): void {
    const frame = parseFrame(bytes);
    if (frame?.type === ETHERTYPE.ARP) this.#arp(frame);
    else if (frame?.type === ETHERTYPE.IPV4) this.#datagram(frame);
  }

  /** Gives the guest a frame. Returns false if it is lost. */
  #deliver(frame: Uint8Array | null): boolean {
    return frame !== null && (this.#card?.receive(frame) ?? false);
  }

  /** Sends a segment of a connection. Without the guest's MAC address it asks for that instead. */
  #transmit(segment: Segment): boolean {
    if (this.#guest === null) {
      this.#deliver(arpRequest());
      return false;
    }
    const route = { source: ADDRESS.GATEWAY, destination: ADDRESS.GUEST };
    return this.#deliver(segmentFrame(this.#guest, route, segment));
  }

  #arp({ payload }: Frame): void {
    const packet = parseArp(payload);
    if (packet === null || !isUnicastMac(packet.senderMac)) return;
    if (packet.sender === ADDRESS.GUEST) this.#learn(packet.senderMac);
    if (packet.operation === ARP.REQUEST && packet.target === ADDRESS.GATEWAY)
      this.#deliver(arpReply(packet));
  }

  #learn(mac: number): void {
    const isNew = this.#guest === null;
    this.#guest = mac;
    if (isNew) this.#connections.reachable();
  }

  #datagram({ source: mac, payload }: Frame): void {
    const datagram = parseIpv4(payload);
    if (datagram === null || !isUnicastMac(mac)) return;
    switch (datagram.protocol) {
      case PROTOCOL.ICMP:
        this.#icmp(mac, datagram);
        break;
      case PROTOCOL.UDP:
        this.#udp(mac, datagram);
        break;
      case PROTOCOL.TCP:
        this.#tcp(mac, datagram);
        break;
      default:
        this.#refuse(mac, datagram, UNREACHABLE.PROTOCOL);
    }
  }

  /** Tells that the gateway does not have something, or that nothing else can be reached. */
  #refuse(mac: number, datagram: Datagram, code: number): void {
    const isGateway = datagram.destination === ADDRESS.GATEWAY;
    this.#deliver(unreachable(mac, datagram, isGateway ? code : UNREACHABLE.PROHIBITED));
  }

  #icmp(mac: number, datagram: Datagram): void {
    if (datagram.destination !== ADDRESS.GATEWAY) this.#refuse(mac, datagram, UNREACHABLE.PROHIBITED);
    else if (isStation(datagram.source)) this.#deliver(echoReply(mac, datagram));
  }

  #udp(mac: number, datagram: Datagram): void {
    const message = parseUdp(datagram);
    if (message === null) return;
    const isToServer = message.to === DHCP_PORT.SERVER && message.from === DHCP_PORT.CLIENT;
    const isHere = datagram.destination === ADDRESS.GATEWAY || datagram.destination === ADDRESS.EVERYBODY;
    if (isToServer && isHere) this.#deliver(dhcpReply(message));
    else this.#refuse(mac, datagram, UNREACHABLE.PORT);
  }

  #tcp(mac: number, datagram: Datagram): void {
    const { source, destination } = datagram;
    const segment = parseSegment(datagram);
    if (segment === null || !isStation(source) || !isStation(destination)) return;
    const isOurs = source === ADDRESS.GUEST && destination === ADDRESS.GATEWAY;
    if (isOurs && this.#connections.receive(segment)) return;
    const answer = refusal(segment);
    if (answer === null) return;
    this.#deliver(segmentFrame(mac, { source: destination, destination: source }, answer));
  }

  save(): unknown {
    return { guest: this.#guest, connections: this.#connections.save() };
  }

  prepareRestore(state: unknown): () => void {
    const saved = new SavedFields('network', state);
    const guest = saved.any('guest') === null ? null : saved.integer('guest', MAC.BROADCAST);
    const restoreConnections = this.#connections.prepareRestore(saved.any('connections'));
    return () => {
      this.#guest = guest;
      restoreConnections();
    };
  }
}
