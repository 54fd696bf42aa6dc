package gate

import "testing"

func TestAccept(t *testing.T) {
	t.Parallel()
	finding := func(o Outcome, d Decision) Finding { return Finding{Outcome: o, Decision: d} }
	failed := Report{Models: []ModelReport{
		{Model: "a", Findings: []Finding{finding(Regressed, Fail), finding(Held, Pass)}},
		{Model: "b", Findings: []Finding{finding(Incomparable, Fail)}},
	}}
	got := failed.Accept(Acceptance{By: "ada"})
	if got.Decision() != Warn || got.Accepted == nil || got.Accepted.By != "ada" {
		t.Errorf("decision %s, accepted %v; want warn, by ada", got.Decision(), got.Accepted)
	}
	if o := got.Models[0].Findings[0].Outcome; o != Regressed {
		t.Errorf("the outcome became %s: what happened is not changed by accepting it", o)
	}
	if fs := got.Models[0].Findings; !fs[0].Accepted || fs[1].Accepted {
		t.Errorf("accepted: %v and %v; want what failed, and not what held", fs[0].Accepted, fs[1].Accepted)
	}
	if failed.Decision() != Fail || failed.Accepted != nil {
		t.Error("the report that was accepted is changed itself")
	}

	passed := Report{Models: []ModelReport{{Model: "a", Findings: []Finding{finding(Held, Pass)}}}}
	if got := passed.Accept(Acceptance{By: "ada"}); got.Accepted != nil || got.Decision() != Pass {
		t.Error("there is nothing to accept in a run that passed")
	}
	failed.Models = append(failed.Models, ModelReport{Model: "c", Undecided: "the Hub is down"})
	if got := failed.Accept(Acceptance{By: "ada"}); got.Decision() != Undecided {
		t.Errorf("decision %s, want undecided: nobody has seen how the third model compares", got.Decision())
	}
}
