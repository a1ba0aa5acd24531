/** SHA-256 of what `disassembly.js` has assembled and compiled, in hexadecimal. */
export declare function digest(): string;
