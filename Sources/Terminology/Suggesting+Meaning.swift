public import Records

extension TermBook {
    /// Of what is near in meaning, the nearest first, what the letters alone do not find. In place of a deprecated term its preferred one is suggested; among those that are
    /// as near but for a tenth, those of the context come first, then own ones.
    public func suggest(near: [(id: Identifier, similarity: Double)], _ request: SuggestRequest, to user: Identifier) -> [Suggestion] {
        var taken = Set(suggest(request, to: user).map { TermKey($0.term) })
        let start = TypedText(request.typed).parts.first?.start ?? 0
        let (terms, contexts) = terms(shownTo: user)
        let context = contexts.known(request.context)
        let rejectedIn = contexts.place(of: request.context)
        let suggestions = near.compactMap { id, similarity -> Suggestion? in
            guard let (place, row) = terms.place(of: id) else { return nil }
            let shown = terms.preferred(to: row, of: place) ?? (place, row)
            guard taken.insert(terms.tables[shown.0].table.key(shown.1)).inserted else { return nil }
            return terms.suggestion(
                of: shown, insteadOf: shown == (place, row) ? nil : (place, row), .meaning(similarity), start: start,
                isRejected: rejectedIn.map { terms.isSunk(shown.0, shown.1, in: $0) } ?? false, contexts, asked: context)
        }
        return Array(suggestions.enumerated().sorted { order($0.element, $0.offset) < order($1.element, $1.offset) }.map(\.element).prefix(request.limit))
    }

    private func order(_ suggestion: Suggestion, _ place: Int) -> (Int, Int, Int, Int, Int) {
        let similarity = if case .meaning(let similarity) = suggestion.reason { similarity } else { 0.0 }
        return (suggestion.isRejected ? 1 : 0, -Int(similarity * 10), suggestion.fitsContext ? 0 : 1, suggestion.isOwn ? 0 : 1, place)
    }
}
