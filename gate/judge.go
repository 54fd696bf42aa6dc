package gate

import (
	"slices"

	"github.com/hubgate/hubgate/gate/stat"
)

// Judge says what happened to a series and what the policy makes of it: the first of the outcomes that applies, in the
// order in which they are declared. It reads c alone, measures nothing and does not modify it.
//
// What fails is softened by the criterion's tier: a supporting failure warns, and of an advisory series nothing is more than shown.
// [Undecided] is not softened, for what could not be compared has not passed.
func (p Policy) Judge(c Comparison) Finding {
	f := Finding{Comparison: c}
	f.Warnings = slices.Clip(f.Warnings) // so that to append copies
	breaches := p.breaches(c)
	switch {
	case len(c.Changes) > 0:
		f.Outcome, f.Decision = Incomparable, p.OnIncomparable
		for _, b := range breaches {
			f.warn("%s", b)
		}
	case c.Candidate == nil:
		f.Outcome, f.Decision = Missing, Fail
	case c.Candidate.N == 0 || c.ScaleWas != nil || c.BaselineOffScale:
		f.Outcome, f.Decision = Invalid, Fail
	case len(breaches) > 0:
		f.Outcome, f.Decision = Breached, Fail
	case c.Unreadable:
		f.Outcome, f.Decision = New, Undecided
	case c.Baseline == nil || c.Baseline.N == 0:
		f.Outcome, f.Decision = New, p.OnNoBaseline
	default:
		f.Outcome, f.Decision = p.judgeLoss(c)
	}
	f.Decision = soften(f.Decision, c.Criterion.Tier)
	f.Reason = p.reason(f, breaches)
	p.judgeWorst(&f)
	if p.Rule == NonInferiority && c.MDE != nil && *c.MDE > c.MaxLoss {
		f.warn("an unchanged model would pass less than %s of the time with these samples", percent(p.Power))
	}
	return f
}

// judgeWorst says what the finding would be if every missing score were counted against the candidate, where that decides worse.
func (p Policy) judgeWorst(f *Finding) {
	if f.Worst == nil || f.Outcome < Regressed {
		return // without a scale or a test, or judged by something else than the difference
	}
	c := f.Comparison
	c.Decided, c.PAdjusted, c.PBetter, c.Permutation, c.OneSideConstant = &c.Worst.Test, c.Worst.PAdjusted, c.Worst.PBetter, nil, false
	outcome, decision := p.judgeLoss(c)
	if soften(decision, c.Criterion.Tier).severity() <= f.Decision.severity() {
		return
	}
	f.AtWorst = outcome
	f.warn("%s missing: counted at the worst, the loss would be %s and the verdict %s",
		count(f.Candidate.Missing+f.Dropped+f.Baseline.Missing, "score is", "scores are"), f.Format(c.Loss()), outcome)
}

// judgeLoss decides between the outcomes that need both sides.
func (p Policy) judgeLoss(c Comparison) (Outcome, Decision) {
	loss := c.Loss()
	beyond := loss > c.MaxLoss+c.slack()
	tested := c.Decided != nil
	switch {
	case beyond && (p.Rule == Threshold || tested && c.PAdjusted < p.Alpha):
		return Regressed, Fail
	case -loss > c.slack() && tested && c.PBetter < p.Alpha:
		return Improved, Pass
	case tested && c.excludes():
		return Held, Pass
	case p.Rule == NonInferiority:
		return Inconclusive, Fail
	}
	return Inconclusive, p.OnInconclusive
}

// excludes reports whether a loss beyond the tolerance is ruled out: by the one-sided bound, or, where no score
// differs in its own way and there is no bound, by enough samples and groups of them.
func (c Comparison) excludes() bool {
	switch t := c.Decided; {
	case c.Idle:
		return false // what is ruled out could not happen
	case t.Degenerate:
		enough := min(t.N[0], t.N[1]) >= smallSample && (t.Method != stat.ClusteredT || min(t.Groups[0], t.Groups[1]) >= fewGroups)
		return enough && c.Loss() <= c.MaxLoss+c.slack()
	case c.OneSideConstant, !c.Pairs() && c.oneSideConstant():
		return false // whatever the guard says of p, a side without spread does not tell how far its mean may lie from what was seen
	}
	_, worst, ok := c.LossBounds()
	return ok && worst < c.MaxLoss-c.slack()
}

// oneSideConstant reports whether all scores of a side are the same.
func (c Comparison) oneSideConstant() bool {
	return c.Candidate.Quartiles.Min == c.Candidate.Quartiles.Max || c.Baseline.Quartiles.Min == c.Baseline.Quartiles.Max
}

// soften applies a tier to a decision.
func soften(d Decision, t Tier) Decision {
	switch {
	case d == Undecided:
		return d
	case t == Advisory:
		return Pass
	case t == Supporting && d == Fail:
		return Warn
	}
	return d
}

// breaches says, a clause each, what the candidate's scores break by themselves, without asking for evidence.
func (p Policy) breaches(c Comparison) []string {
	if c.Candidate == nil || c.Candidate.N == 0 {
		return nil
	}
	var out []string
	own := Comparison{Candidate: c.Candidate, Scale: c.Scale} // a baseline far away makes no room below a floor
	if floor := c.Criterion.Min; floor != nil && c.turn(c.Candidate.Mean-*floor) > own.slack() {
		out = append(out, c.floorClause(*floor))
	}
	lost := c.Candidate.Missing + c.Dropped
	if all := c.Candidate.N + lost; float64(lost) > float64(p.MaxMissing*float64(all))+1e-9 {
		out = append(out, missingClause(c, lost, all, p.MaxMissing))
	}
	if len(c.Lowered) > 0 {
		out = append(out, c.loweredClause())
	}
	return out
}
