/**
 * Removes dangerous control sequences from the output of a guest for a terminal.
 *
 * A terminal obeys its input: it sets its title, fills the clipboard, switches modes that outlast the program, and answers
 * queries as if somebody had typed the answer. A guest may be hostile, so the filter passes only what a plain text screen
 * needs: text, cursor movement, erasing, inserting and deleting, and colours (SGR). Control functions are those of
 * ECMA-48 and xterm.
 */

/** Maximum length of a control sequence that passes, in characters. */
const SEQUENCE_MAX = 64;
/** Maximum length of a control string (OSC, DCS and similar) that is dropped. The characters after it are text again. */
const STRING_MAX = 4096;

/** C0 controls that pass: BEL, backspace, tab, line feed, vertical tab, form feed, carriage return. */
const C0_ALLOWED = '\x07\b\t\n\v\f\r';
/** Single characters after ESC that pass: save and restore the cursor, index, next line, reverse index. */
const ESCAPES_ALLOWED = '78DEM';
/**
 * Final characters of control sequences that pass: insert (@), cursor movement (A to I, Z, `, a, d, e, f), erase (J, K,
 * X), insert and delete lines and characters (L, M, P), scroll (S, T), SGR (m), save and restore the cursor (s, u).
 */
const FINALS_ALLOWED = '@ABCDEFGHIJKLMPSTXZ`adefmsu';
/** Parameters of a sequence that passes: only digits. A leading `?`, `>`, `=` or `<` marks a private sequence. */
const PARAMETERS = /^[0-9;:]*$/;
/** A control character, C1 included. */
// biome-ignore lint/suspicious/noControlCharactersInRegex: control characters are the subject here
const CONTROL = /[\x00-\x1f\x7f-\x9f]/;

type State = 'text' | 'escape' | 'intermediate' | 'sequence' | 'string' | 'string-escape';

/** Filters one stream of text. A sequence may be split across calls. */
export class TerminalFilter {
  #state: State = 'text';
  /** Parameters and intermediates of the current control sequence, at most `SEQUENCE_MAX` characters. */
  #sequence = '';
  /** Number of characters of the current control string. */
  #length = 0;
  #styled = false;

  /** Whether the last SGR that passed set a style other than the default, which the terminal would keep. */
  get styled(): boolean {
    return this.#styled;
  }

  /** Returns the parts of `text` that pass. */
  filter(text: string): string {
    if (this.#state === 'text' && !CONTROL.test(text)) return text;
    const passed: string[] = [];
    for (const character of text) passed.push(this.#take(character, character.codePointAt(0) as number));
    return passed.join('');
  }

  #take(character: string, code: number): string {
    if (code === 0x18 || code === 0x1a) return this.#enter('text'); // CAN and SUB end every sequence.
    if (this.#state === 'string' || this.#state === 'string-escape') return this.#inString(character, code);
    if (code === 0x1b) return this.#enter('escape');
    if (code >= 0x80 && code < 0xa0) return this.#c1(code);
    // A terminal performs C0 controls at once, also inside a sequence.
    if (code < 0x20) return C0_ALLOWED.includes(character) ? character : '';
    if (code === 0x7f) return '';
    switch (this.#state) {
      case 'escape':
        return this.#afterEscape(character, code);
      case 'intermediate':
        return code >= 0x30 ? this.#enter('text') : '';
      case 'sequence':
        return this.#inSequence(character, code);
      default:
        return character;
    }
  }

  #enter(state: State): '' {
    this.#state = state;
    this.#sequence = '';
    this.#length = 0;
    return '';
  }

  /** Handles the 8-bit forms of ESC and a letter. Those that do not start a sequence are dropped. */
  #c1(code: number): '' {
    switch (code) {
      case 0x9b:
        return this.#enter('sequence');
      case 0x90: // DCS
      case 0x98: // SOS
      case 0x9d: // OSC
      case 0x9e: // PM
      case 0x9f: // APC
        return this.#enter('string');
      default:
        return this.#enter('text');
    }
  }

  #afterEscape(character: string, code: number): string {
    if (character === '[') return this.#enter('sequence');
    if ('PX]^_'.includes(character)) return this.#enter('string');
    if (code < 0x30) return this.#enter('intermediate');
    this.#enter('text');
    // Anything else is text.
    if (code > 0x7e) return character;
    return ESCAPES_ALLOWED.includes(character) ? `\x1b${character}` : '';
  }

  #inSequence(character: string, code: number): string {
    if (code > 0x7e) {
      this.#enter('text');
      return character;
    }
    if (code < 0x40) {
      // One character more than the maximum marks a sequence that is too long.
      if (this.#sequence.length <= SEQUENCE_MAX) this.#sequence += character;
      return '';
    }
    const parameters = this.#sequence;
    this.#enter('text');
    if (!FINALS_ALLOWED.includes(character) || !this.#permits(parameters, character)) return '';
    if (character === 'm') this.#styled = !/^[0;]*$/.test(parameters);
    return `\x1b[${parameters}${character}`;
  }

  #permits(parameters: string, final: string): boolean {
    if (parameters.length > SEQUENCE_MAX || !PARAMETERS.test(parameters)) return false;
    // With parameters, `s` sets margins. With several parameters, `T` makes xterm report the mouse.
    if (final === 's' || final === 'u') return parameters === '';
    return final !== 'T' || !parameters.includes(';');
  }

  /** Drops a control string up to its end: ST, BEL, or ESC, which starts another sequence unless a backslash follows. */
  #inString(character: string, code: number): string {
    if (this.#state === 'string-escape') {
      if (character === '\\') return this.#enter('text');
      this.#enter('escape');
      return this.#take(character, code);
    }
    if (code === 0x07 || code === 0x9c) return this.#enter('text');
    if (code === 0x1b) this.#state = 'string-escape';
    else if (++this.#length >= STRING_MAX) this.#enter('text');
    return '';
  }
}
