/** CPU models: which facilities a machine offers. */

/** The generations of machines that brought facilities, in order. */
export const GENERATIONS = ['z10', 'z196', 'zEC12', 'z13', 'z14', 'z15', 'z16'] as const;
export type Generation = (typeof GENERATIONS)[number];

/** The names of the CPU models. `max` has everything that is implemented. */
export const CPU_MODELS = ['z10', 'z196', 'zEC12', 'z13', 'z14', 'z15', 'z16', 'max'] as const;
export type CpuModel = (typeof CPU_MODELS)[number];

/** Returns whether a machine of a model offers what came with a generation. */
export function modelOffers(model: CpuModel, since: Generation): boolean {
  return model === 'max' || GENERATIONS.indexOf(since) <= GENERATIONS.indexOf(model);
}

/** Returns whether a facility list (STFLE) has a bit. */
export function hasFacility(list: Uint8Array, bit: number): boolean {
  return ((list[bit >>> 3] ?? 0) & (0x80 >>> (bit & 7))) !== 0;
}

/** Machine types, as STORE CPU ID stores them. A machine of the model `max` reports that of the z196. */
export const MACHINE_TYPE: Readonly<Record<CpuModel, number>> = {
  z10: 0x2097,
  z196: 0x2817,
  zEC12: 0x2827,
  z13: 0x2964,
  z14: 0x3906,
  z15: 0x8561,
  z16: 0x3931,
  max: 0x2817,
};
