"""Operations on one item: answers as documented, changes that are kept, no change of nothing."""
