import React from 'react';

export function Landing() {
  return <h2>Tickscope</h2>;
}
