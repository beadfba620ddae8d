/// One step from a list to the next, whatever its rows are. An index counts in the list as it is at that step; a move is
/// a removal and an insertion in one batch.
public enum ListChange<Row: Sendable>: Sendable {
    case reset([Row])
    case insert(Int, Row)
    case update(Int, Row)
    case remove(Int)
}

extension Array where Element: Sendable {
    /// Applies these changes in their order.
    public mutating func apply(_ changes: [ListChange<Element>]) {
        for change in changes {
            switch change {
            case .reset(let rows): self = rows
            case .insert(let index, let row): insert(row, at: index)
            case .update(let index, let row): self[index] = row
            case .remove(let index): remove(at: index)
            }
        }
    }
}
