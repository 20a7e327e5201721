/* What the scripts use of htmx 2, which a script of its own brings (https://htmx.org/reference/). */

interface HtmxRequest {
  verb: string;
  path: string;
  elt: Element;
  headers: Record<string, string>;
  formData: FormData;
  parameters: Record<string, string>;
  triggeringEvent?: Event;
}

interface HtmxAnswer {
  xhr: XMLHttpRequest;
  target: HTMLElement;
  requestConfig: HtmxRequest;
  successful: boolean;
  shouldSwap: boolean;
}

interface HtmxSwap {
  target: HTMLElement;
  fragment: DocumentFragment;
}

interface HtmxQuestion {
  elt: Element;
  triggeringEvent?: Event;
}

interface DocumentEventMap {
  "htmx:confirm": CustomEvent<HtmxQuestion>;
  "htmx:configRequest": CustomEvent<HtmxRequest>;
  "htmx:beforeRequest": CustomEvent<HtmxAnswer>;
  "htmx:beforeSend": CustomEvent<HtmxAnswer>;
  "htmx:beforeSwap": CustomEvent<HtmxAnswer>;
  "htmx:afterSwap": CustomEvent<HtmxAnswer>;
  "htmx:afterSettle": CustomEvent<HtmxAnswer>;
  "htmx:afterRequest": CustomEvent<HtmxAnswer>;
  "htmx:oobBeforeSwap": CustomEvent<HtmxSwap>;
  "htmx:oobAfterSwap": CustomEvent<HtmxSwap>;
  "htmx:sendError": CustomEvent<HtmxAnswer>;
  "htmx:responseError": CustomEvent<HtmxAnswer>;
  "htmx:timeout": CustomEvent<HtmxAnswer>;
  "htmx:historyCacheMiss": CustomEvent<HtmxAnswer>;
  "htmx:historyCacheMissLoad": CustomEvent<HtmxAnswer>;
  "htmx:historyCacheMissLoadError": CustomEvent<HtmxAnswer>;
  /* Of saving.js: the server has answered an edit, and whether it took it. */
  "edit-answered": CustomEvent<{ request: HtmxRequest; isTaken: boolean }>;
}

declare const htmx: {
  ajax(
    verb: "GET" | "POST",
    path: string,
    context: {
      source?: Element;
      target?: string;
      swap?: string;
      values?: FormData;
      headers?: Record<string, string>;
    },
  ): Promise<void>;
  process(element: Element): void;
  trigger(element: Element | string, event: string): void;
};
