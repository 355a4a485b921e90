//! What a recording has of a call whose caller holds: silence of that length on both sides, and then it goes on.

use super::*;

#[tokio::test(flavor = "multi_thread")]
async fn where_the_caller_holds_both_sides_are_silent_for_as_long_and_go_on_behind_it_together() {
    let pool = pool();
    let (media, mut events) = pool.open_call(clock::now());
    let path = std::env::temp_dir().join(format!("warmline-held-{}.wav", std::process::id()));
    let recording = pool.record(path.clone(), Time::ZERO).unwrap();
    let mut state = recording.watch();
    media.send(Command::Record(recording)).unwrap();
    media.send(Command::Patch(bridge())).unwrap();
    let mut caller = Phone::add(&pool, &media, CALLER, 440.0);
    let (mut agent, mut metronome) = (Phone::add(&pool, &media, AGENT, 1_000.0), Metronome::new(&pool));
    metronome.converse(&mut caller, &mut agent, 60);
    let remote = caller.socket.local_addr().unwrap();
    let turns = |direction| media.send(Command::UpdateLeg { leg: CALLER, negotiated: Box::new(agreed(remote, direction)) }).unwrap();
    turns(Direction::Inactive);
    for _ in 0..100 {
        metronome.phone.talk(1);
        agent.drain();
        agent.speak();
    }
    turns(Direction::SendRecv);
    metronome.converse(&mut caller, &mut agent, 60);
    media.send(Command::Close).unwrap();
    event(&mut events, |event| matches!(event, MediaEvent::LegClosed { leg: CALLER, .. }).then_some(())).await;
    timeout(PATIENCE, state.wait_for(|state| *state != RecordingState::Running)).await.unwrap().unwrap();
    let samples: Vec<i16> = hound::WavReader::open(&path).unwrap().into_samples().map(Result::unwrap).collect();
    std::fs::remove_file(&path).unwrap();

    // The longest silence of each side between two sounds, in frames.
    let pause = |side: usize| {
        let channel: Vec<i16> = samples.iter().skip(side).step_by(2).copied().collect();
        let loud: Vec<usize> = (0..channel.len() / FRAME_SAMPLES)
            .filter(|frame| channel[frame * FRAME_SAMPLES..][..FRAME_SAMPLES].iter().any(|sample| sample.unsigned_abs() > 500))
            .collect();
        let pair = loud.windows(2).max_by_key(|pair| pair[1] - pair[0]).unwrap();
        (pair[0], pair[1], best_share(&channel[pair[1] * FRAME_SAMPLES..], [440.0, 1_000.0][side]))
    };
    let ([left, right], length) = ([pause(0), pause(1)], |(from, to, _): (usize, usize, f64)| to - from);
    // Two seconds, and what each jitter buffer and tick add or take.
    assert!((90..=115).contains(&length(left)) && (90..=115).contains(&length(right)), "{left:?} {right:?}");
    assert!(left.0.abs_diff(right.0) < 12 && left.1.abs_diff(right.1) < 12, "both sides stay on one timeline: {left:?} {right:?}");
    assert!(left.2 > 0.95 && right.2 > 0.95, "both are recorded again: {left:?} {right:?}");
}
