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
  const [width, height] = [view.scrollWidth, view.scrollHeight];
  const drawing = document.createElementNS(SVG, 'svg');
  const [wide, high] = [width + 2 * MARGIN, height + 2 * MARGIN].map(String) as [string, string];
  drawing.setAttribute('width', wide);
  drawing.setAttribute('height', high);
  drawing.setAttribute('viewBox', `0 0 ${wide} ${high}`);
  drawing.append(
    box('rect', 0, 0, wide, high, { fill: getComputedStyle(document.body).backgroundColor }),
    box('foreignObject', MARGIN, MARGIN, String(width), String(height), {}, copy),
  );
  copy.setAttribute('xmlns', XHTML);
  return drawing;
}

function box(
  name: 'rect' | 'foreignObject',
  x: number,
  y: number,
  width: string,
  height: string,
  more: Readonly<Record<string, string>>,
  ...inside: readonly Element[]
): SVGElement {
  const element = document.createElementNS(SVG, name);
  const attributes = { x: String(x), y: String(y), width, height, ...more };
  for (const [key, value] of Object.entries(attributes)) element.setAttribute(key, value);
  element.append(...inside);
  return element;
}

function inline(from: HTMLElement, to: HTMLElement): void {
  const style = getComputedStyle(from);
  for (const name of [...to.getAttributeNames()]) if (name !== 'open') to.removeAttribute(name);
  to.style.cssText = PROPERTIES.map((name) => `${name}:${style.getPropertyValue(name)}`).join(';');
}
