//! Blobs, memory, caches, indexes, queues and topics: traits, the in-process store and its file.
