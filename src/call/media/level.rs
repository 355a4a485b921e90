//! How loud a frame is.

/// Level in dBov of any number of samples: 0 is a full-scale square wave, −3 a full-scale sine, −96 is silence.
#[must_use]
pub fn dbov(samples: &[i16]) -> f32 {
    let energy: i64 = samples.iter().map(|&sample| i64::from(sample) * i64::from(sample)).sum();
    if energy == 0 {
        return -96.0;
    }
    let mean = energy as f64 / samples.len() as f64;
    (10.0 * (mean / (32_768.0 * 32_768.0)).log10()) as f32
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn known_levels() {
        assert_eq!(dbov(&[0; 160]), -96.0);
        assert_eq!(dbov(&[]), -96.0);
        assert!(dbov(&[i16::MIN; 160]).abs() < 0.01);
        let sine: Vec<i16> = (0..160).map(|index| (32_767.0 * (index as f64 * std::f64::consts::TAU / 16.0).sin()) as i16).collect();
        assert!((dbov(&sine) + 3.01).abs() < 0.02, "{}", dbov(&sine));
    }
}
