/**
 * Facilities: the bit that each has in the facility list (STFLE), and all of its instructions. Principles of Operation,
 * chapter 4, "Facility Indications", and appendix B, "Lists of Instructions".
 */

import { type CpuModel, type Generation, modelOffers } from '../cpu-model.ts';

/** A facility. */
export interface FacilityDefinition {
  /** The machines that brought it; z10 also stands for older ones. */
  readonly since: Generation;
  /** Bit of the facility list. */
  readonly bit: number;
  /** The mnemonics of all its instructions, none missing, separated by blanks. */
  readonly instructions: string;
}

/** The facilities that instructions of the table belong to. The keys are the short names that the table uses. */
export const FACILITIES = {
  /** Instructions of ESA/390 and of the first z/Architecture machines. The bit is that of the N3 instructions. */
  base: {
    since: 'z10',
    bit: 0,
    instructions: `ALC ALCR BRASL BRCL DL DLR EPSW LARL LRV LRVH LRVR ML MLR RLL SAM24 SAM31 SLB SLBR STFL STRV STRVH
      TAM`,
  },
  /** Bit 1: the z/Architecture architectural mode is installed. docs/machine.md lists what this machine lacks of it. */
  zarch: { since: 'z10', bit: 1, instructions: '' },
  /** DAT enhancement. */
  'dat-enh': { since: 'z10', bit: 3, instructions: 'CSPG IDTE' },
  /** ASN-and-LX reuse. */
  'asn-lx': { since: 'z10', bit: 6, instructions: 'EPAIR ESAIR PTI SSAIR' },
  /** Store facility list extended. */
  stfle: { since: 'z10', bit: 7, instructions: 'STFLE' },
  /** Enhanced DAT 1. */
  edat1: { since: 'z10', bit: 8, instructions: 'PFMF' },
  /** Extended translation 2. */
  etf2: {
    since: 'z10',
    bit: 16,
    instructions: 'CLCLU MVCLU PKA PKU TP TROO TROT TRTO TRTT UNPKA UNPKU',
  },
  /** Long displacement. */
  ld: {
    since: 'z10',
    bit: 18,
    instructions: `AHY ALY AY CDSY CHY CLIY CLMY CLY CSY CVBY CVDY CY ICMY ICY LAMY LAY LB LDY LEY LGB LHY LMY LRAY LY
      MSY MVIY NIY NY OIY OY SHY SLY STAMY STCMY STCY STDY STEY STHY STMY STY SY TMY XIY XY`,
  },
  /** Extended immediate. */
  eimm: {
    since: 'z10',
    bit: 21,
    instructions: `AFI AGFI ALFI ALGFI CFI CGFI CLFI CLGFI FLOGR IIHF IILF LBR LGBR LGFI LGHR LHR LLC LLCR LLGCR LLGHR
      LLH LLHR LLIHF LLILF LT LTG NIHF NILF OIHF OILF SLFI SLGFI XIHF XILF`,
  },
  /** Extended translation 3. */
  etf3: { since: 'z10', bit: 22, instructions: 'CU14 CU24 CU41 CU42 SRSTU TRTR' },
  /** TOD-clock steering. */
  'tod-steering': { since: 'z10', bit: 28, instructions: 'PTFF' },
  /** Extract CPU time. */
  'cpu-time': { since: 'z10', bit: 31, instructions: 'ECTG' },
  /** Set program parameters. */
  'program-parameter': { since: 'z10', bit: 40, instructions: 'LPP' },
  /** Guarded storage. */
  guarded: { since: 'z14', bit: 133, instructions: 'LGG LGSC LLGFSG STGSC' },
  /** Breaking-event-address-register enhancement. */
  bear: { since: 'z16', bit: 193, instructions: 'LBEAR LPSWEY STBEAR' },
  /** Store clock fast. */
  stckf: { since: 'z10', bit: 25, instructions: 'STCKF' },
  /** Parsing enhancement. */
  parsing: { since: 'z10', bit: 26, instructions: 'TRTE TRTRE' },
  /** Move with optional specifications. */
  mvcos: { since: 'z10', bit: 27, instructions: 'MVCOS' },
  /** Compare and swap and store. */
  csst: { since: 'z10', bit: 32, instructions: 'CSST' },
  /** General instructions extension. */
  gie: {
    since: 'z10',
    bit: 34,
    instructions: `AGSI ALGSI ALSI ASI CGH CGHRL CGHSI CGFRL CGIB CGIJ CGIT CGRB CGRJ CGRL CGRT CHHSI CHRL CHSI CIB CIJ
      CIT CLFHSI CLFIT CLGFRL CLGHRL CLGHSI CLGIB CLGIJ CLGIT CLGRB CLGRJ CLGRL CLGRT CLHHSI CLHRL CLIB CLIJ CLRB CLRJ
      CLRL CLRT CRB CRJ CRL CRT ECAG LAEY LGFRL LGHRL LGRL LHRL LLGFRL LLGHRL LLHRL LRL LTGF MFY MHY MSFI MSGFI MVGHI
      MVHHI MVHI PFD PFDRL RISBG RNSBG ROSBG RXSBG STGRL STHRL STRL`,
  },
  /** Execute extensions. */
  exrl: { since: 'z10', bit: 35, instructions: 'EXRL' },
  /** Floating-point extension: logical conversions, rounding modes of single instructions, also of decimal floating point. */
  fpext: {
    since: 'z196',
    bit: 37,
    instructions: `CDFTR CDLFBR CDLFTR CDLGBR CDLGTR CELFBR CELGBR CFDTR CFXTR CLFDBR CLFDTR CLFEBR CLFXBR CLFXTR CLGDBR
      CLGDTR CLGEBR CLGXBR CLGXTR CXFTR CXLFBR CXLFTR CXLGBR CXLGTR SRNMB`,
  },
  /** Floating-point-support enhancement: FPR-GR transfer, sign handling, DFP rounding, exception simulation. */
  fpse: { since: 'z10', bit: 41, instructions: 'CPSDR LCDFR LDGR LFAS LGDR LNDFR LPDFR SFASR SRNMT' },
  /** Distinct operands, high word, interlocked access 1, load/store on condition, population count. */
  z196: {
    since: 'z196',
    bit: 45,
    instructions: `AGHIK AGRK AHHHR AHHLR AHIK AIH ALGHSIK ALGRK ALHHHR ALHHLR ALHSIK ALRK ALSIH ALSIHN ARK BRCTH CHF CHHR
      CHLR CIH CLHF CLHHR CLHLR CLIH LAA LAAG LAAL LAALG LAN LANG LAO LAOG LAX LAXG LBH LFH LHH LLCH LLHH LOC LOCG LOCGR
      LOCR LPD LPDG NGRK NRK OGRK ORK POPCNT RISBHG RISBLG SGRK SHHHR SHHLR SLAK SLGRK SLHHHR SLHHLR SLLK SLRK SRAK SRK
      SRLK STCH STFH STHH STOC STOCG XGRK XRK`,
  },
  /** Execution hints, load and trap, processor assist, miscellaneous instruction extensions 1. */
  mie1: {
    since: 'zEC12',
    bit: 49,
    instructions: 'BPP BPRP CLGT CLT LAT LFHAT LGAT LLGFAT LLGTAT NIAI PPA RISBGN',
  },
  /** Miscellaneous instruction extensions 2. */
  mie2: { since: 'z14', bit: 58, instructions: 'AGH BIC MG MGH MGRK MSC MSGC MSGRKC MSRKC SGH' },
  /** Miscellaneous instruction extensions 3, with the count of all bits of POPULATION COUNT. */
  mie3: {
    since: 'z15',
    bit: 61,
    instructions: `MVCRL NCGRK NCRK NNGRK NNRK NOGRK NORK NXGRK NXRK OCGRK OCRK SELFHR SELGR SELR`,
  },
  /** Reset reference bits multiple. */
  rrbm: { since: 'z196', bit: 66, instructions: 'RRBM' },
  /** Reset DAT protection. */
  rdp: { since: 'z16', bit: 194, instructions: 'RDP' },
  /** Enhanced DAT 2: frames of 2 GiB. */
  edat2: { since: 'zEC12', bit: 78, instructions: 'CRDTE' },
  /** Insert reference bits multiple. */
  irbm: { since: 'z14', bit: 145, instructions: 'IRBM' },
  /** Load/store on condition 2, load and zero rightmost byte. */
  lsoc2: {
    since: 'z13',
    bit: 53,
    instructions: 'LLZRGF LOCFH LOCFHR LOCGHI LOCHHI LOCHI LZRF LZRG STOCFH',
  },
} as const satisfies Record<string, FacilityDefinition>;

/** The name of a facility. */
export type Facility = keyof typeof FACILITIES;

/** Facilities without instructions: extensions of instructions of other facilities, and of the processor. */
export const BEHAVIORS = {
  /** The z/Architecture mode is active. */
  'z/Architecture active': { since: 'z10', bit: 2 },
  /** SIGP SENSE RUNNING STATUS. */
  'sense-running-status': { since: 'z10', bit: 9 },
  /** The conditional SSKE, and PFMF. */
  'conditional-sske': { since: 'z10', bit: 10 },
  /** IPTE of several entries. */
  'ipte-range': { since: 'z196', bit: 13 },
  /** The nonquiescing control of SSKE and PFMF. */
  'nonquiescing-key-setting': { since: 'z196', bit: 14 },
  /** The test-character control of TROO and its kind, and their tables on doublewords. */
  'extended-translation-2-enhancement': { since: 'z10', bit: 24 },
  /** The well-formedness checking of the conversions between Unicode encodings. */
  'extended-translation-3-enhancement': { since: 'z10', bit: 30 },
  /** COMPARE AND SWAP AND STORE of sixteen bytes. */
  'compare-and-swap-and-store-2': { since: 'z10', bit: 33 },
  /** The local-clearing control of IPTE, IDTE and CRDTE. */
  'local-tlb-clearing': { since: 'zEC12', bit: 51 },
  /** The interlocked update of AND, OR and EXCLUSIVE OR immediate: all accesses are interlocked. */
  'interlocked-access-2': { since: 'zEC12', bit: 52 },
  /** Fetch or store, in the identification of an access exception. */
  'access-exception-fetch-store-indication': { since: 'z196', bit: 75 },
  /** Instruction-execution protection. */
  'instruction-execution-protection': { since: 'z14', bit: 130 },
  /**
   * Side-effect access, and enhanced suppression on protection 2: the identification of a protection exception says what
   * forbids the access.
   */
  'enhanced-suppression-on-protection-2': { since: 'z14', bit: 131 },
} as const satisfies Record<string, { since: Generation; bit: number }>;

/** Maximum length of a facility list in bytes. */
const LIST_SIZE = 256;

/**
 * Returns the facility list of a machine with these instructions, in whole doublewords. A facility is installed if the model
 * offers it and all of its instructions are present.
 * @param mnemonics of the instructions
 */
export function facilityListOf(mnemonics: Iterable<string>, model: CpuModel = 'max'): Uint8Array {
  const present = new Set(mnemonics);
  const whole = ({ since, instructions }: FacilityDefinition) =>
    modelOffers(model, since) && namesIn(instructions).every((name) => present.has(name));
  const bits = Object.values(FACILITIES)
    .filter(whole)
    .map(({ bit }): number => bit);
  const list = new Uint8Array(LIST_SIZE);
  const behaviors = Object.values(BEHAVIORS).filter(({ since }) => modelOffers(model, since));
  for (const bit of [...bits, ...behaviors.map((one): number => one.bit)])
    list[bit >>> 3]! |= 0x80 >>> (bit & 7);
  const last = list.findLastIndex((byte) => byte !== 0);
  return list.slice(0, (Math.floor(last / 8) + 1) * 8);
}

/** Returns the names in a list separated by blanks and line ends. */
export function namesIn(list: string): string[] {
  return list.split(/\s+/).filter((name) => name !== '');
}
