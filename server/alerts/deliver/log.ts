/** Where the deliverer says what became of messages; never addresses, secrets or texts. */
export interface DelivererLog {
  warn: (fields: object, message: string) => void;
  error: (fields: object, message: string) => void;
}
