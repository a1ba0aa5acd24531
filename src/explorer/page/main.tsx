/**
 * The page's start.
 */

import { render } from 'preact';

render(<main>not implemented: the page</main>, document.getElementById('app') as HTMLElement);
