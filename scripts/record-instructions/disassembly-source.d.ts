/** SHA-256 of the input of `disassembly.js`, in hexadecimal. */
export declare function digest(): string;
