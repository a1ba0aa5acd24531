/**
 * Parts of the page that come when they are first needed.
 */

import { signal } from '@preact/signals';
import type { ComponentType } from 'preact';

/**
 * A component that is loaded when it is first drawn.
 * @param waiting what is shown meanwhile, and what takes its place
 */
export function lazy<P extends object>(
  load: () => Promise<ComponentType<P>>,
  waiting: ComponentType<P> = Waiting,
): ComponentType<P> {
  const loaded = signal<ComponentType<P> | null>(null);
  const failed = signal(false);
  let asked = false;
  return function Lazy(props: P) {
    if (!asked) {
      asked = true;
      load().then(
        (component) => {
          loaded.value = component;
        },
        () => {
          failed.value = true;
        },
      );
    }
    const Component = loaded.value;
    if (Component) return <Component {...props} />;
    if (failed.value) return <p class="placeholder">This part of the page could not be loaded.</p>;
    const Meanwhile = waiting;
    return <Meanwhile {...props} />;
  };
}

function Waiting() {
  return <p class="placeholder">Loading…</p>;
}
