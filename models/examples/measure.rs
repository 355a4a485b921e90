//! Loads every engine and prints what each costs: `cargo run -p warmline-models --example measure -- WAV…`.

use std::path::Path;

use warmline_models::{
    Embedder, EndOfTurn, ModelError, ModelsDir, Recogniser, Runtime, Synthesiser, VAD_WINDOW, Vad, VadState, read_wav, resample,
};

#[expect(clippy::disallowed_methods, reason = "measuring is reading the clock")]
fn timed<T>(what: &str, work: impl FnOnce() -> T) -> T {
    let (start, cpu) = (std::time::Instant::now(), cpu_seconds());
    let result = work();
    println!(
        "{what:<34} {:>8.1} ms wall {:>8.0} ms cpu, resident {:>4} MB",
        start.elapsed().as_secs_f64() * 1e3,
        (cpu_seconds() - cpu) * 1e3,
        resident_mb()
    );
    result
}

/// Processor time of this process, in clock ticks of 10 ms (proc(5)).
fn cpu_seconds() -> f64 {
    let stat = std::fs::read_to_string("/proc/self/stat").unwrap_or_default();
    let fields: Vec<&str> = stat.rsplit(')').next().unwrap_or("").split_whitespace().collect();
    fields.get(11..13).map_or(0.0, |both| both.iter().filter_map(|f| f.parse::<f64>().ok()).sum::<f64>() / 100.0)
}

fn resident_mb() -> u64 {
    let statm = std::fs::read_to_string("/proc/self/statm").unwrap_or_default();
    statm.split_whitespace().nth(1).and_then(|pages| pages.parse::<u64>().ok()).unwrap_or(0) * 4096 / 1_000_000
}

fn main() -> Result<(), ModelError> {
    let files: Vec<String> = std::env::args().skip(1).collect();
    let dir = ModelsDir::of_user()?;
    let runtime = timed("load ONNX Runtime", || Runtime::load(&dir))?;
    let vad = timed("load voice activity", || Vad::load(&dir))?;
    let turn = timed("load end of turn", || EndOfTurn::load(&runtime))?;
    let embedder = timed("load embedder ×2", || Embedder::load(&runtime, 2))?;
    let voice = timed("load voice", || Synthesiser::load(&runtime, 1))?;
    let recogniser = timed("load recogniser", || Recogniser::load(&runtime, 1))?;
    let speech = timed("speak a sentence", || voice.speak("Your order left our warehouse yesterday, and should arrive on Tuesday.", 1.0))?;
    println!("  {:.2} s of audio", speech.len() as f32 / voice.rate() as f32);
    let speech = timed("speak it again", || voice.speak("Your order left our warehouse yesterday, and should arrive on Tuesday.", 1.0))?;
    let at_16k = resample(&speech, voice.rate(), 16_000)?;
    let heard = timed("recognise it", || recogniser.transcribe(&at_16k, &|| false))?;
    println!("  {heard:?}");
    timed("end of turn ×10", || (0..10).try_for_each(|_| turn.completeness(&at_16k).map(drop)))?;
    let mut state = VadState::default();
    let windows =
        timed("1000 windows of voice activity", || Ok((0..1000).map(|_| vad.probability(&mut state, &[0.01; VAD_WINDOW])).sum::<f32>()))?;
    println!("  {:.3} on average", windows / 1000.0);
    timed("embed ×100", || (0..100).try_for_each(|_| embedder.embed("I want to know where my order is please").map(drop)))?;
    timed("embed 100 at once", || embedder.embed_all(&["I want to know where my order is please"; 100]).map(drop))?;
    for file in &files {
        let audio = read_wav(Path::new(file))?;
        let audio = resample(&audio.samples, audio.rate, 16_000)?;
        let heard = recogniser.transcribe(&audio, &|| false)?;
        println!("{:.3}\t{:.3}\t{file}\t{}", heard.confidence, turn.completeness(&audio)?, heard.text);
    }
    timed("end", || ());
    Ok(())
}
