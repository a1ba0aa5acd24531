/** Copies state between a virtual CPU and its page at the begin and the end of KVM_RUN (Linux: sync_regs, store_regs). */

import { SIE } from '../../../machine/index.ts';
import { RUN, SYNC, SYNC_SET } from './abi.ts';
import { setToken, tokenOf } from './run-page.ts';
import type { KvmVcpu } from './vcpu.ts';

const CONTROL_REGISTERS = 16;
const PREFIX_BITS = 0x7fff_e000n;

/** Takes what user space has stored: the PSW, the registers that are kept in the page, and the sets that it has marked. */
export function loadState(target: KvmVcpu): void {
  const { vcpu, page } = target;
  const dirty = Number(page.get64(RUN.DIRTY_REGS));
  vcpu.setPsw(page.get64(RUN.PSW_MASK), page.get64(RUN.PSW_ADDR));
  page.loadRegisters(vcpu);
  if (dirty & SYNC_SET.PREFIX) vcpu.setPrefix(Number(page.get64(SYNC.PREFIX) & PREFIX_BITS));
  if (dirty & SYNC_SET.CRS) loadControls(target);
  if (dirty & SYNC_SET.ARCH0) loadClocks(target);
  if (dirty & SYNC_SET.PFAULT) {
    setToken(vcpu, page.get64(SYNC.PFT));
    target.pfaultSelect = page.get64(SYNC.PFS);
    target.pfaultCompare = page.get64(SYNC.PFC);
  }
  if (dirty & SYNC_SET.DIAG318) target.diag318 = page.get64(SYNC.DIAG318);
  page.set64(RUN.DIRTY_REGS, 0n);
}

function loadControls({ vcpu, page }: KvmVcpu): void {
  for (let n = 0; n < CONTROL_REGISTERS; n++) vcpu.setControl(n, page.get64(SYNC.CRS + n * 8));
  vcpu.forgetTranslations();
}

function loadClocks({ vcpu, page }: KvmVcpu): void {
  const { block } = vcpu;
  vcpu.cpuTimer = page.get64(SYNC.CPUTM);
  block.set64(SIE.CLOCK_COMPARATOR, page.get64(SYNC.CKC));
  block.set32(SIE.TOD_PROGRAMMABLE, Number(page.get64(SYNC.TODPR) & 0xffff_ffffn));
  block.set64(SIE.PROGRAM_PARAMETER, page.get64(SYNC.PP));
  block.set64(SIE.BREAKING_EVENT_ADDRESS, page.get64(SYNC.GBEA));
}

/** Shows user space the state. */
export function storeState(source: KvmVcpu): void {
  const { vcpu, page } = source;
  storePsw(source);
  page.storeRegisters(vcpu);
  page.set64(SYNC.PREFIX, BigInt(vcpu.block.prefix));
  storeControlsAndClocks(source);
  storeToken(source);
  page.set64(SYNC.DIAG318, source.diag318);
}

/** Shows the PSW. */
export function storePsw({ vcpu, page }: KvmVcpu): void {
  page.set64(RUN.PSW_MASK, vcpu.block.pswMask);
  page.set64(RUN.PSW_ADDR, vcpu.block.pswAddress);
}

/** Shows what a guest's handshake for page faults has set. */
export function storeToken({ vcpu, page, pfaultSelect, pfaultCompare }: KvmVcpu): void {
  page.set64(SYNC.PFT, tokenOf(vcpu));
  page.set64(SYNC.PFS, pfaultSelect);
  page.set64(SYNC.PFC, pfaultCompare);
}

/** Shows control registers, clocks, and the registers for tracing. */
export function storeControlsAndClocks({ vcpu, page }: KvmVcpu): void {
  const { block } = vcpu;
  for (let n = 0; n < CONTROL_REGISTERS; n++) page.set64(SYNC.CRS + n * 8, vcpu.control(n));
  page.set64(SYNC.CPUTM, vcpu.cpuTimer);
  page.set64(SYNC.CKC, block.get64(SIE.CLOCK_COMPARATOR));
  page.set64(SYNC.TODPR, BigInt(block.get32(SIE.TOD_PROGRAMMABLE)));
  page.set64(SYNC.PP, block.get64(SIE.PROGRAM_PARAMETER));
  page.set64(SYNC.GBEA, block.get64(SIE.BREAKING_EVENT_ADDRESS));
}
