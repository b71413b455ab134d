// A question before something is done: what will happen, in words, and the way out first.

import { useEffect, useId, useRef, useState } from "preact/hooks";
import { ApiError } from "../api.ts";

/** What to ask. */
export interface Question {
  readonly title: string;
  readonly text: string;
  /** What the button that does it says. */
  readonly verb: string;
  readonly danger?: boolean;
  /** Does it. @throws when refused; the dialog then says why */
  readonly act: () => Promise<unknown>;
}

/** The dialog; closed while there is no question. */
export function Confirm({ question, onClose }: { question: Question | null; onClose: () => void }) {
  const dialog = useRef<HTMLDialogElement>(null);
  const [busy, setBusy] = useState(false);
  const [error, setError] = useState<string | null>(null);
  const id = useId();
  useEffect(() => {
    const element = dialog.current;
    if (element === null) return;
    if (question === null) element.close();
    else if (!element.open) {
      setError(null);
      element.showModal();
    }
  }, [question]);
  const act = async (): Promise<void> => {
    if (question === null) return;
    setBusy(true);
    try {
      await question.act();
      onClose();
    } catch (failure) {
      setError(failure instanceof ApiError ? failure.message : String(failure));
    }
    setBusy(false);
  };
  return (
    <dialog ref={dialog} aria-labelledby={`${id}-title`} onClose={onClose} class="confirm">
      <h2 id={`${id}-title`}>{question?.title}</h2>
      <p>{question?.text}</p>
      {error === null ? null : (
        <p class="error" role="alert">
          {error}
        </p>
      )}
      <div class="buttons">
        <button type="button" onClick={onClose}>
          Cancel
        </button>
        <button
          type="button"
          class={question?.danger === true ? "primary danger" : "primary"}
          disabled={busy}
          onClick={() => void act()}
        >
          {question?.verb}
        </button>
      </div>
    </dialog>
  );
}
