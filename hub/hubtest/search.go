package hubtest

import (
	"net/http"
	"slices"
	"strings"
)

// search lists the datasets that the caller may see and that the index knows: those made last first, or those changed last.
func (s *Server) search(c *call) *answer {
	q := c.URL.Query()
	var found []*repository
	for _, r := range s.repos {
		if r.indexed && c.account.reads(r) && r.fits(q.Get("author"), q.Get("search"), q["filter"]) {
			found = append(found, r)
		}
	}
	slices.SortFunc(found, func(a, b *repository) int {
		if q.Get("sort") == "lastModified" {
			return b.head().date.Compare(a.head().date)
		}
		return b.created.Compare(a.created)
	})
	from, to, next, refused := s.page(c, len(found), s.opts.PageSize)
	if refused != nil {
		return refused
	}
	list := []object{}
	for _, r := range found[from:to] {
		all := r.describe(r.head())
		if q.Get("full") != "true" {
			delete(all, "cardData")
		}
		list = append(list, expanded(all, append(q["expand"], q["expand[]"]...)))
	}
	return reply(http.StatusOK, list).link(next)
}

// fits tells whether a search finds a dataset: one of an author, with a text in its id, and all of some tags on its card.
func (r *repository) fits(author, text string, tags []string) bool {
	if author != "" && !strings.EqualFold(author, r.owner()) || !strings.Contains(strings.ToLower(r.id), strings.ToLower(text)) {
		return false
	}
	card, _ := frontMatter(string(r.head().tree["README.md"].blob))
	has := cardTags(card)
	return !slices.ContainsFunc(tags, func(tag string) bool { return !slices.Contains(has, tag) })
}
