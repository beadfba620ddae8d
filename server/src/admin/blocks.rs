//! Visitors' addresses that can no longer write.

use switchboard_protocol::block::BlockRow;
use switchboard_protocol::ids::BlockId;

use super::Admin;
use crate::store::{StoreError, blocks};

impl Admin {
    /// The blocks in force, those that end first first.
    pub async fn list_blocks(&self) -> Result<Vec<BlockRow>, StoreError> {
        let now = self.clock.now();
        self.store.readers.read(move |sql| blocks::in_force(sql, now)).await
    }

    /// Ends a block before its time.
    pub async fn lift_block(&self, block: BlockId) -> Result<(), StoreError> {
        self.store.writer.write(move |tx| tx.lift_block(block, None)).await
    }
}
