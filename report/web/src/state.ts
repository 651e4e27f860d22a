// The view lives in the URL's hash: "#run=…&alpha=0.5". What has its default is not in it.

export type Key =
  | "run" | "stability" | "way" | "alpha" | "ratio" | "scores" | "ways" | "drop" | "family" | "calibration" | "bound"
  | "yaw" | "pitch" | "table" | "overlay" | "explanation" | "example" | "attention" | "theme" | "fit" | "left";

type Listener = (changed: Set<Key>) => void;

export class State {
  private values = new Map<string, string>();
  private listeners: Listener[] = [];

  constructor(private readonly defaults: Partial<Record<Key, string>>) {
    this.values = this.read();
    window.addEventListener("hashchange", () => {
      const before = this.values;
      this.values = this.read();
      const keys = new Set([...before.keys(), ...this.values.keys()]);
      this.tell([...keys].filter((key) => before.get(key) !== this.values.get(key)) as Key[]);
    });
  }

  private read(): Map<string, string> {
    return new Map(new URLSearchParams(location.hash.slice(1)));
  }

  get(key: Key): string {
    return this.values.get(key) ?? this.defaults[key] ?? "";
  }
  // Within [least, most], else the default.
  number(key: Key, least: number, most: number): number {
    const value = Number(this.get(key));
    return this.get(key) !== "" && value >= least && value <= most ? value : Number(this.defaults[key] ?? 0);
  }
  set(key: Key, value: string): void {
    if (value === this.get(key)) return;
    if (value === (this.defaults[key] ?? "")) this.values.delete(key);
    else this.values.set(key, value);
    const hash = new URLSearchParams([...this.values]).toString();
    history.replaceState(null, "", hash ? `#${hash}` : location.pathname + location.search);
    this.tell([key]);
  }
  onChange(listener: Listener): void {
    this.listeners.push(listener);
  }
  // Forgets those who listen since there were `count`, because what they show is gone.
  forgetAfter(count: number): void {
    this.listeners.length = Math.min(count, this.listeners.length);
  }
  get listenerCount(): number {
    return this.listeners.length;
  }

  private tell(keys: Key[]): void {
    if (keys.length > 0) for (const listener of [...this.listeners]) listener(new Set(keys));
  }
}
