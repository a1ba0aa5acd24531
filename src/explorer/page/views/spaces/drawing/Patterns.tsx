/**
 * Fill patterns. They distinguish states without colour.
 */

/** The definitions of all patterns. */
export function Patterns() {
  return (
    <defs>
      <pattern
        id="hatch-unlinked"
        width="7"
        height="7"
        patternUnits="userSpaceOnUse"
        patternTransform="rotate(45)"
      >
        <path class="pattern unlinked" d="M0,0V7" />
      </pattern>
      <pattern id="hatch-unbacked" width="8" height="8" patternUnits="userSpaceOnUse">
        <path class="pattern unbacked" d="M0,0L8,8M8,0L0,8" />
      </pattern>
      <pattern id="bars-large" width="6" height="6" patternUnits="userSpaceOnUse">
        <path class="pattern large" d="M0,1.5H6M0,4.5H6" />
      </pattern>
      <pattern
        id="hatch-protected"
        width="5"
        height="5"
        patternUnits="userSpaceOnUse"
        patternTransform="rotate(-45)"
      >
        <path class="pattern protected" d="M0,0V5" />
      </pattern>
      <pattern id="dots-shared-memory" width="6" height="6" patternUnits="userSpaceOnUse">
        <circle class="pattern-dot" cx="1.5" cy="1.5" r="1" />
        <circle class="pattern-dot" cx="4.5" cy="4.5" r="1" />
      </pattern>
    </defs>
  );
}
