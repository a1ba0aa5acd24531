/**
 * Turns a view made of HTML into an SVG drawing: a copy of its elements in a foreign object, with their styles written
 * into each.
 */

const SVG = 'http://www.w3.org/2000/svg';
const XHTML = 'http://www.w3.org/1999/xhtml';
/** Margin around the view, in pixels. */
const MARGIN = 16;

/** Properties of computed styles that text and tables need. */
const PROPERTIES = [
  'display',
  'grid-template-columns',
  'grid-column',
  'gap',
  'flex',
  'flex-direction',
  'flex-wrap',
  'align-items',
  'justify-content',
  'box-sizing',
  'width',
  'min-width',
  'margin',
  'padding',
  'border-top',
  'border-right',
  'border-bottom',
  'border-left',
  'border-collapse',
  'border-spacing',
  'border-radius',
  'background-color',
  'color',
  'font',
  'text-align',
  'text-decoration',
  'vertical-align',
  'white-space',
  'list-style',
  'visibility',
] as const;

/** Returns a drawing of a whole view, including the parts scrolled out of sight. */
export function framed(view: HTMLElement): SVGSVGElement {
  const copy = view.cloneNode(true) as HTMLElement;
  const [from, to] = [view, copy].map((root) => [root, ...root.querySelectorAll<HTMLElement>('*')]) as [
    HTMLElement[],
    HTMLElement[],
  ];
  for (const [at, element] of from.entries()) inline(element, to[at] as HTMLElement);
  copy.setAttribute('xmlns', XHTML);
  const [width, height] = [view.scrollWidth, view.scrollHeight];
  const [wide, high] = [width + 2 * MARGIN, height + 2 * MARGIN];
  const drawing = element('svg', { width: wide, height: high, viewBox: `0 0 ${wide} ${high}` });
  const fill = getComputedStyle(document.body).backgroundColor;
  const frame = element('foreignObject', { x: MARGIN, y: MARGIN, width, height });
  frame.append(copy);
  drawing.append(element('rect', { x: 0, y: 0, width: wide, height: high, fill }), frame);
  return drawing;
}

function element<K extends keyof SVGElementTagNameMap>(
  name: K,
  attributes: Readonly<Record<string, string | number>>,
): SVGElementTagNameMap[K] {
  const made = document.createElementNS(SVG, name);
  for (const [key, value] of Object.entries(attributes)) made.setAttribute(key, String(value));
  return made;
}

function inline(from: HTMLElement, to: HTMLElement): void {
  const style = getComputedStyle(from);
  for (const name of [...to.getAttributeNames()]) if (name !== 'open') to.removeAttribute(name);
  to.style.cssText = PROPERTIES.map((name) => `${name}:${style.getPropertyValue(name)}`).join(';');
}
