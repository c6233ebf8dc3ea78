//! `mai login --record` and the replay of what it wrote.
