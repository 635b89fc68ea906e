import { screen } from '@testing-library/react';
import userEvent from '@testing-library/user-event';
import { type ReactNode, useState } from 'react';

/** Opens the list labelled so, pastes what is to be searched, and takes the option that reads so. */
export async function choose(label: string, option: string, searched = ''): Promise<void> {
  const user = userEvent.setup({ delay: null });
  await user.click(screen.getByLabelText(label));
  if (searched !== '') {
    await user.paste(searched);
  }
  await user.click(await screen.findByText(option, { selector: '[role="option"] *' }));
}

interface HeldProps<T> {
  start: T;
  onChange(value: T): void;
  children(value: T, change: (value: T) => void): ReactNode;
}

/** Holds what an editor edits, as Grafana does: each change comes back to the editor. */
export function Held<T>({ start, onChange, children }: HeldProps<T>) {
  const [value, setValue] = useState(start);
  return children(value, (next) => {
    onChange(next);
    setValue(next);
  });
}
