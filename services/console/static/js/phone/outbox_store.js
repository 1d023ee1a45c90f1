// The storage of the outbox: one table of an IndexedDB that outlives the page. Where a browser
// stores nothing (a private window, a full disk), the memory of the page replaces it.

/** @import { OutboxEntry } from "../types/actions.d.ts" */

const DATABASE = "fenghuo";
const TABLE = "outbox";

/** Open the store; its `persistent` is false where it lives only as long as the page. */
export async function openStore() {
  try {
    return new DatabaseStore(await openDatabase());
  } catch {
    return new MemoryStore();
  }
}

/** Stores entries in the browser's database. */
class DatabaseStore {
  /** @param {IDBDatabase} database */
  constructor(database) {
    this.persistent = true;
    this.database = database;
  }

  /** @param {OutboxEntry} entry */
  async save(entry) {
    await this.run("readwrite", (table) => table.put(entry));
  }

  /** @param {string} key */
  async remove(key) {
    await this.run("readwrite", (table) => table.delete(key));
  }

  /** @returns {Promise<OutboxEntry[]>} */
  loadAll() {
    return this.run("readonly", (table) => table.getAll());
  }

  /**
   * Run one request in a transaction of its own.
   * @template Result
   * @param {IDBTransactionMode} mode
   * @param {(table: IDBObjectStore) => IDBRequest<Result>} request
   * @returns {Promise<Result>}
   */
  run(mode, request) {
    return new Promise((resolve, reject) => {
      const transaction = this.database.transaction(TABLE, mode, { durability: "strict" });
      const operation = request(transaction.objectStore(TABLE));
      transaction.oncomplete = () => resolve(operation.result);
      transaction.onabort = () => reject(transaction.error);
    });
  }
}

/** Stores entries in the memory of the page. */
class MemoryStore {
  constructor() {
    this.persistent = false;
    /** @type {Map<string, OutboxEntry>} */
    this.entries = new Map();
  }

  /** @param {OutboxEntry} entry */
  async save(entry) {
    this.entries.set(entry.key, entry);
  }

  /** @param {string} key */
  async remove(key) {
    this.entries.delete(key);
  }

  async loadAll() {
    return [...this.entries.values()];
  }
}

/** @returns {Promise<IDBDatabase>} */
function openDatabase() {
  return new Promise((resolve, reject) => {
    const request = indexedDB.open(DATABASE, 1);
    request.onupgradeneeded = () => request.result.createObjectStore(TABLE, { keyPath: "key" });
    request.onsuccess = () => resolve(request.result);
    request.onerror = () => reject(request.error);
    request.onblocked = () => reject(new Error("blocked"));
  });
}
