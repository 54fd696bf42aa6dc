package dataset

// What tests from outside may see.
type (
	CardEdit = cardEdit
)

var (
	EditCard   = editCard
	CutSection = cutSection
	SplitCard  = splitCard
)

const Attempts = attempts

// NewCardEdit returns the edit of a run that is recorded only, or becomes the baseline.
func NewCardEdit(section string, data []string, replaced bool) CardEdit {
	return cardEdit{section: section, configs: recordedConfigs(), data: data, replaced: replaced}
}
